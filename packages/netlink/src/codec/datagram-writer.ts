import { NLMSG_HDRLEN } from '../constants.js'
import { PayloadWriter } from './payload-writer.js'

/** Writes many messages one after the other into one buffer, which is used anew for the next datagram. */
export class DatagramWriter extends PayloadWriter {
  readonly #starts: number[] = []

  /** Messages in the datagram. */
  get count(): number {
    return this.#starts.length
  }

  get byteLength(): number {
    return this.length
  }

  clear(): void {
    this.#starts.length = 0
    this.length = 0
  }

  /** What is written from here to {@link end} is the message's payload. */
  begin(type: number, flags: number, sequence: number): void {
    const start = this.reserve(NLMSG_HDRLEN)
    this.#starts.push(start)
    this.view.setUint16(start + 4, type, true)
    this.view.setUint16(start + 6, flags, true)
    this.view.setUint32(start + 8, sequence, true)
    this.view.setUint32(start + 12, 0)
  }

  end(): void {
    const start = this.#starts[this.#starts.length - 1]!
    this.view.setUint32(start, this.length - start, true)
  }

  addFlags(index: number, flags: number): void {
    const at = this.#starts[index]! + 6
    this.view.setUint16(at, this.view.getUint16(at, true) | flags, true)
  }

  /** The messages from `first` up to `end`, in the buffer itself. */
  slice(first: number, end: number): Uint8Array {
    return this.buffer.subarray(this.#starts[first]!, this.#starts[end] ?? this.length)
  }
}
