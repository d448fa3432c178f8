import { RestartError } from '../errors/restart-error.js'
import { MAX_MESSAGE_BYTES } from './protocol.js'

/**
 * Cuts a stream of bytes into the payloads of its frames.
 *
 * It holds one frame at most, so that a peer costs 64 KiB whatever it sends. A length that is wrong cannot be
 * recovered from: the reader is of no use after it has thrown.
 */
export class FrameReader {
  readonly #header = Buffer.alloc(4)
  #headerBytes = 0
  #body: Buffer | undefined
  #bodyBytes = 0

  /** What is missing of a frame that has begun, in words; `undefined` between two frames. */
  get unfinished(): string | undefined {
    if (this.#body) return `${this.#bodyBytes} of its ${this.#body.length} bytes had come`
    return this.#headerBytes > 0 ? `${this.#headerBytes} of the 4 bytes of its length had come` : undefined
  }

  /** The payloads that are complete with `chunk`. Throws RestartError `ERR_RESTART_MALFORMED`, after those before the mistake. */
  *read(chunk: Uint8Array): Generator<Buffer, void, undefined> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#body === undefined) {
        const taken = rest.subarray(0, 4 - this.#headerBytes)
        this.#header.set(taken, this.#headerBytes)
        this.#headerBytes += taken.length
        rest = rest.subarray(taken.length)
        if (this.#headerBytes < 4) return
        this.#body = Buffer.alloc(this.#length())
        this.#bodyBytes = 0
      }
      const taken = rest.subarray(0, this.#body.length - this.#bodyBytes)
      this.#body.set(taken, this.#bodyBytes)
      this.#bodyBytes += taken.length
      rest = rest.subarray(taken.length)
      if (this.#bodyBytes < this.#body.length) return
      const payload = this.#body
      this.#body = undefined
      this.#headerBytes = 0
      yield payload
    }
  }

  #length(): number {
    const length = this.#header.readUInt32BE(0)
    if (length === 0) throw violation('a frame without a byte')
    if (length <= MAX_MESSAGE_BYTES) return length
    const text = this.#header.toString('latin1')
    const isText = /^[\x20-\x7e]{4}$/.test(text)
    throw violation(
      `a frame of ${length} bytes, and ${MAX_MESSAGE_BYTES} is the most${isText ? ` (it began with "${text}": no length, but text)` : ''}`,
    )
  }
}

function violation(what: string): RestartError {
  return new RestartError(`this is not the restart protocol: ${what}`, { code: 'ERR_RESTART_MALFORMED' })
}
