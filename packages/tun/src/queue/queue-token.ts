import type { OffloadState } from './offload-switch.js'

/** A queue on its way to another thread. Made by `TunQueue.transfer`; a plain object, to be passed on as it is. */
export interface QueueToken {
  /** The open descriptor. */
  readonly fd: number
  readonly offload: OffloadState
  readonly counters: Float64Array
  /** Not 0 once somebody received the queue. */
  readonly claim: Int32Array
}

export function createToken(fd: number, offload: OffloadState, counters: Float64Array): QueueToken {
  return { fd, offload, counters, claim: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) }
}
