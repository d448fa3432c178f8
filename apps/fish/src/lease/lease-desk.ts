import { isTfoSocketError, type Reservation, type TfoSocketError } from '@slatfatf/tfo-socket'
import type { EgressMode } from '../egress/egress-mode.js'
import { ClientQuota, QUOTA, type QuotaLimits } from './client-quota.js'
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

/** Hears of a lease that the kernel has taken away: the tuple may be somebody else's by now. The lease is still to be given back. */
export type LossListener = (lease: Lease, reason: TfoSocketError) => void

/**
 * Hands out leases and takes them back. Synchronous: when `take` returns a lease, the kernel holds the tuple for us and refuses it to
 * everybody else; when it returns `undefined`, {@link lastRefusal} says why.
 */
export class LeaseDesk {
  /** Why the last `take` was refused. */
  lastRefusal: Refusal = REFUSAL.none
  readonly #slices: Slices
  readonly #quota: ClientQuota
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
    onLost: LossListener,
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
      const reservation = this.#reserve(mode, slice, remote, remotePort)
      if (reservation === undefined) continue
      const lease = { client, slice, port: reservation.port, mode, remote, remotePort, reservation }
      if (mode.canBeLost && !this.#watch(lease, onLost)) continue
      this.#quota.opened(client, nowMs)
      this.lastRefusal = REFUSAL.none
      return lease
    }
    return undefined
  }

  /** Gives a lease back; the tuple is free for everybody at once. */
  give(lease: Lease): void {
    lease.reservation.release()
    this.#quota.closed(lease.client)
  }

  /** Forgets clients that have been away. Call it about once a second. */
  prune(nowMs: number): void {
    this.#quota.prune(nowMs)
  }

  #reserve(mode: EgressMode, slice: Slice, remote: number, remotePort: number): Reservation | undefined {
    try {
      return mode.reserve(slice, remote, remotePort)
    } catch (error) {
      this.#noteRefusal(error)
      return undefined
    }
  }

  /** A lease that cannot be watched is none: its loss would go unnoticed. */
  #watch(lease: Lease, onLost: LossListener): boolean {
    try {
      lease.reservation.watch((_, reason) => onLost(lease, reason))
      return true
    } catch (error) {
      lease.reservation.release()
      this.#noteRefusal(error)
      return false
    }
  }

  #noteRefusal(error: unknown): void {
    if (!isTfoSocketError(error)) throw error
    this.lastRefusal = REFUSAL.kernelRefused
    this.#onKernelRefusal(error)
  }
}
