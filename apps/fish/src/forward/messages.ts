import type { FlowTimeouts } from '../flow/expiry.js'
import type { QuotaLimits } from '../lease/client-quota.js'
import type { SliceSettings } from '../lease/slices.js'

/** What the worker is started with. Plain data, cloned into its thread. */
export interface WorkerSettings {
  device: string
  offload: 'auto' | 'raw' | 'off'
  slices: SliceSettings[]
  mark: number
  flows: number
  limits: QuotaLimits
  timeouts: FlowTimeouts
  /** Memory of {@link createCounterMemory}. */
  counters: SharedArrayBuffer
}

/** From the main thread to the worker. */
export type WorkerCommand =
  /** Begin to forward: the host is ready. */
  | { type: 'forward' }
  /** Stop forwarding, give all leases back, close the queue. */
  | { type: 'stop' }

/** From the worker to the main thread. */
export type WorkerReport =
  /** The queue is ours; nothing is read yet. */
  | { type: 'attached'; offload: string }
  | { type: 'forwarding' }
  /** The kernel refused a reservation for a reason other than "full"; told at most once a second. */
  | { type: 'kernel-refused'; code: string; message: string }
  /** All leases are back and the queue is closed. */
  | { type: 'stopped' }
  /** The worker cannot go on. `code` is the system's, for the exit status. */
  | { type: 'failed'; code: string; message: string; hint?: string }
