import { RECORD_HEADER_BYTES } from './route.js'

const SLOTS = 32
/** Any UDP payload fits; pages that nothing is written to cost no memory. */
const SLOT_BYTES = RECORD_HEADER_BYTES + 65_535

type Receive = (fd: number, slab: Uint8Array, lengths: Int32Array) => number

/** Where records arrive. What is in it is good until the next receive. */
export class RecordSlab {
  readonly bytes = Buffer.allocUnsafeSlow(SLOTS * SLOT_BYTES)
  readonly #lengths = new Int32Array(SLOTS)

  /** How many records there are, or `-errno`. */
  receive(from: Receive, fd: number): number {
    return from(fd, this.bytes, this.#lengths)
  }

  /** Then there may be more to receive. */
  isFull(count: number): boolean {
    return count === SLOTS
  }

  offset(index: number): number {
    return index * SLOT_BYTES
  }

  length(index: number): number {
    return this.#lengths[index]!
  }

  record(index: number): Buffer {
    const start = this.offset(index)
    return this.bytes.subarray(start, start + this.length(index))
  }
}
