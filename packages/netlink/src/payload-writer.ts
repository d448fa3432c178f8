import { align4, NLA_F_NESTED, NLA_HDRLEN } from './constants.js'

const encoder = new TextEncoder()
const LARGEST_ATTRIBUTE = 0xffff

/**
 * Writes the payload of a request: the family's header, then attributes, each aligned to four bytes.
 *
 * Integers are in host byte order (little-endian on x64 and arm64); the `BE` ones are in network order. Methods
 * return the writer. Throws RangeError `ERR_INVALID_ARG_VALUE` when an attribute exceeds 65,531 bytes.
 */
export class PayloadWriter {
  #bytes: Uint8Array
  #view: DataView
  #length: number

  constructor(header: Uint8Array = new Uint8Array(0)) {
    this.#bytes = new Uint8Array(Math.max(256, 2 * header.length))
    this.#view = new DataView(this.#bytes.buffer)
    this.#bytes.set(header)
    this.#length = align4(header.length)
  }

  uint8(type: number, value: number): this {
    this.#view.setUint8(this.#attribute(type, 1), value)
    return this
  }

  uint16(type: number, value: number): this {
    const at = this.#attribute(type, 2)
    this.#view.setUint16(at, value, true)
    return this
  }

  uint16BE(type: number, value: number): this {
    const at = this.#attribute(type, 2)
    this.#view.setUint16(at, value)
    return this
  }

  uint32(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    this.#view.setUint32(at, value, true)
    return this
  }

  uint32BE(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    this.#view.setUint32(at, value)
    return this
  }

  uint64(type: number, value: bigint): this {
    const at = this.#attribute(type, 8)
    this.#view.setBigUint64(at, value, true)
    return this
  }

  uint64BE(type: number, value: bigint): this {
    const at = this.#attribute(type, 8)
    this.#view.setBigUint64(at, value)
    return this
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length)
    this.#bytes.set(value, at)
    return this
  }

  /** Text with its terminating NUL. */
  text(type: number, value: string): this {
    return this.bytes(type, encoder.encode(`${value}\0`))
  }

  /** An attribute without payload. */
  flag(type: number): this {
    this.#attribute(type, 0)
    return this
  }

  /** What `write` adds becomes the inside of one attribute, marked NLA_F_NESTED. */
  nested(type: number, write: (inside: this) => void): this {
    const at = this.#attribute(type | NLA_F_NESTED, 0)
    write(this)
    const length = this.#length - at + NLA_HDRLEN
    checkLength(type, length)
    this.#view.setUint16(at - NLA_HDRLEN, length, true)
    return this
  }

  /** The bytes written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #attribute(type: number, payloadLength: number): number {
    const length = NLA_HDRLEN + payloadLength
    checkLength(type, length)
    const start = this.#length
    this.#length = start + align4(length)
    if (this.#length > this.#bytes.length) this.#grow()
    this.#view.setUint16(start, length, true)
    this.#view.setUint16(start + 2, type, true)
    return start + NLA_HDRLEN
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#length)
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

function checkLength(type: number, length: number): void {
  if (length <= LARGEST_ATTRIBUTE) return
  throw Object.assign(new RangeError(`attribute ${type} would have ${length} bytes, 65535 is the most`), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
}
