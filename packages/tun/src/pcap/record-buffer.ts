import { copyBytes } from '../batch/copy-bytes.js'
import { RECORD_HEADER_BYTES } from './pcap-format.js'

/** Records on their way to the file, in one piece of memory that is filled and emptied as a whole. */
export class RecordBuffer {
  /** Records in it. */
  packets = 0
  /** Bytes in use. */
  used = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(size: number) {
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get size(): number {
    return this.#bytes.length
  }

  /** What is to be written. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.used)
  }

  clear(): void {
    this.packets = 0
    this.used = 0
  }

  fits(captured: number): boolean {
    return this.used + RECORD_HEADER_BYTES + captured <= this.#bytes.length
  }

  /** Copies a packet in, cut to `captured` bytes; false, and nothing done, if it does not fit. */
  append(
    seconds: number,
    fraction: number,
    memory: DataView,
    offset: number,
    length: number,
    captured: number,
  ): boolean {
    if (!this.fits(captured)) return false
    const start = this.used
    const view = this.#view
    view.setUint32(start, seconds, true)
    view.setUint32(start + 4, fraction, true)
    view.setUint32(start + 8, captured, true)
    view.setUint32(start + 12, length, true)
    copyBytes(memory, offset, view, start + RECORD_HEADER_BYTES, captured)
    this.packets += 1
    this.used = start + RECORD_HEADER_BYTES + captured
    return true
  }
}
