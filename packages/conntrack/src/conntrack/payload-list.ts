import { PayloadWriter } from '@slatfatf/netlink'

/** A power of two. So many take some 150 KiB: a buffer for all would be copied whole whenever it grows. */
const PAYLOADS_PER_PIECE = 1024

interface Piece {
  bytes: Uint8Array
  ends: number[]
}

/** Payloads written one after the other; what is wrong is found before anything is sent. */
export class PayloadList extends PayloadWriter {
  readonly #full: Piece[] = []
  #ends: number[] = []

  get count(): number {
    return this.#full.length * PAYLOADS_PER_PIECE + this.#ends.length
  }

  /** Ends the payload that was written since the last call. */
  endPayload(): void {
    this.#ends.push(this.length)
    if (this.#ends.length < PAYLOADS_PER_PIECE) return
    this.#full.push({ bytes: this.buffer, ends: this.#ends })
    this.buffer = new Uint8Array(this.buffer.length)
    this.view = new DataView(this.buffer.buffer)
    this.length = 0
    this.#ends = []
  }

  /** The payload itself: it is valid until more is written. */
  payload(index: number): Uint8Array {
    const piece = this.#full[Math.floor(index / PAYLOADS_PER_PIECE)]
    const { bytes, ends } = piece ?? { bytes: this.buffer, ends: this.#ends }
    const at = index % PAYLOADS_PER_PIECE
    return bytes.subarray(at === 0 ? 0 : ends[at - 1]!, ends[at]!)
  }
}
