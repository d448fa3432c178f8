import { isTfoSocketError, type Reservation } from '@slatfatf/tfo-socket'
import type { EgressMode } from '../egress/egress-mode.js'
import { ClientQuota, QUOTA, type QuotaLimits } from './client-quota.js'
import { FullMemory } from './full-memory.js'
import { homeSlice } from './pooling.js'
import type { Slice, Slices } from './slices.js'

/** Why a new flow was refused. Nothing that lives is ever ended to make room (RFC 6888 REQ-11). */
export const REFUSAL = {
  none: 0,
  /** No slice has a free port left for this remote. */
  slicesFull: 1,
  clientHasTooManyFlows: 2,
  clientOpensTooFast: 3,
  /** The kernel refused for another reason: out of descriptors, or a setting that `fishd check` names. */
  kernelRefused: 4,
} as const

export type Refusal = (typeof REFUSAL)[keyof typeof REFUSAL]

/** An external endpoint that is ours until it is given back. */
export interface Lease {
  readonly client: number
  readonly slice: Slice
  readonly port: number
  readonly mode: EgressMode
  readonly remote: number
  readonly remotePort: number
  readonly reservation: Reservation
}

/**
 * Hands out leases and takes them back. Synchronous: when `take` returns a lease, the kernel holds the tuple for us and refuses it to
 * everybody else; when it returns `undefined`, {@link lastRefusal} says why.
 */
export class LeaseDesk {
  /** Why the last `take` was refused. */
  lastRefusal: Refusal = REFUSAL.none
  readonly #slices: Slices
  readonly #quota: ClientQuota
  readonly #full = new FullMemory()
  readonly #onKernelRefusal: (error: unknown) => void

  constructor(slices: Slices, limits: QuotaLimits, onKernelRefusal: (error: unknown) => void) {
    this.#slices = slices
    this.#quota = new ClientQuota(limits)
    this.#onKernelRefusal = onKernelRefusal
  }

  /** Leases an endpoint for a client's new flow. `remote…` are 0 when the mode is endpoint-independent. */
  take(
    mode: EgressMode,
    client: number,
    remote: number,
    remotePort: number,
    nowMs: number,
  ): Lease | undefined {
    const verdict = this.#quota.judge(client, nowMs)
    if (verdict !== QUOTA.granted) {
      this.lastRefusal =
        verdict === QUOTA.tooFast ? REFUSAL.clientOpensTooFast : REFUSAL.clientHasTooManyFlows
      return undefined
    }
    this.lastRefusal = REFUSAL.slicesFull
    const slices = this.#slices.all
    const home = homeSlice(client, slices.length)
    for (let step = 0; step < slices.length; step++) {
      const slice = slices[(home + step) % slices.length]!
      if (this.#full.isFull(mode.protocol, slice.index, remote, remotePort, nowMs)) continue
      const reservation = this.#reserve(mode, slice, remote, remotePort, nowMs)
      if (reservation === undefined) continue
      this.#quota.opened(client, nowMs)
      this.lastRefusal = REFUSAL.none
      return { client, slice, port: reservation.port, mode, remote, remotePort, reservation }
    }
    return undefined
  }

  /** Gives a lease back; the tuple is free for everybody at once. */
  give(lease: Lease): void {
    lease.mode.release(lease.reservation, lease.slice)
    this.#quota.closed(lease.client)
    this.#full.forget(lease.mode.protocol, lease.slice.index, lease.remote, lease.remotePort)
  }

  /** Forgets clients that have been away. Call it about once a second. */
  prune(nowMs: number): void {
    this.#quota.prune(nowMs)
  }

  #reserve(
    mode: EgressMode,
    slice: Slice,
    remote: number,
    remotePort: number,
    nowMs: number,
  ): Reservation | undefined {
    try {
      const reservation = mode.reserve(slice, remote, remotePort)
      if (reservation === undefined)
        this.#full.remember(mode.protocol, slice.index, remote, remotePort, nowMs)
      return reservation
    } catch (error) {
      if (!isTfoSocketError(error)) throw error
      this.lastRefusal = REFUSAL.kernelRefused
      this.#onKernelRefusal(error)
      return undefined
    }
  }
}
