import { align4, NLA_F_NESTED, NLA_HDRLEN } from '../constants.js'

const encoder = new TextEncoder()
const LARGEST_ATTRIBUTE = 0xffff

/**
 * Writes the payload of a request: the family's header, then attributes, each aligned to four bytes.
 *
 * Integers are in host byte order (little-endian on x64 and arm64); the `BE` ones are in network order. Methods
 * return the writer. Throws RangeError `ERR_INVALID_ARG_VALUE` when an attribute exceeds 65,531 bytes.
 */
export class PayloadWriter {
  protected buffer: Uint8Array
  protected view: DataView
  protected length = 0

  constructor(header: Uint8Array = new Uint8Array(0)) {
    this.buffer = new Uint8Array(Math.max(256, 2 * header.length))
    this.view = new DataView(this.buffer.buffer)
    this.raw(header)
  }

  uint8(type: number, value: number): this {
    const at = this.#attribute(type, 1)
    this.view.setUint8(at, value)
    return this
  }

  uint16(type: number, value: number): this {
    const at = this.#attribute(type, 2)
    this.view.setUint16(at, value, true)
    return this
  }

  uint16BE(type: number, value: number): this {
    const at = this.#attribute(type, 2)
    this.view.setUint16(at, value)
    return this
  }

  uint32(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    this.view.setUint32(at, value, true)
    return this
  }

  uint32BE(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    this.view.setUint32(at, value)
    return this
  }

  uint64(type: number, value: bigint): this {
    const at = this.#attribute(type, 8)
    this.view.setBigUint64(at, value, true)
    return this
  }

  uint64BE(type: number, value: bigint): this {
    const at = this.#attribute(type, 8)
    this.view.setBigUint64(at, value)
    return this
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length)
    this.buffer.set(value, at)
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

  /** Bytes as they are, padded to a multiple of four: the family's header, or attributes written before. */
  raw(bytes: Uint8Array): this {
    const at = this.reserve(bytes.length)
    this.buffer.set(bytes, at)
    return this
  }

  /** What `write` adds becomes the inside of one attribute, marked NLA_F_NESTED. */
  nested(type: number, write: (inside: this) => void): this {
    const nest = this.beginNested(type)
    write(this)
    return this.endNested(nest)
  }

  /** As {@link nested} without a function, for hot paths: give the number it returns to {@link endNested}. */
  beginNested(type: number): number {
    return this.#attribute(type | NLA_F_NESTED, 0) - NLA_HDRLEN
  }

  endNested(nest: number): this {
    const length = this.length - nest
    checkLength(this.view.getUint16(nest + 2, true) & ~NLA_F_NESTED, length)
    this.view.setUint16(nest, length, true)
    return this
  }

  /** A copy of the bytes written so far. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  /** Makes room for `bytes` and their padding, which is zeroed; returns where they begin. */
  protected reserve(bytes: number): number {
    const start = this.length
    this.length = start + align4(bytes)
    if (this.length > this.buffer.length) this.#grow()
    if ((bytes & 3) !== 0) this.view.setUint32(this.length - 4, 0)
    return start
  }

  #attribute(type: number, payloadLength: number): number {
    const length = NLA_HDRLEN + payloadLength
    checkLength(type, length)
    const start = this.reserve(length)
    this.view.setUint16(start, length, true)
    this.view.setUint16(start + 2, type, true)
    return start + NLA_HDRLEN
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.length)
    larger.set(this.buffer)
    this.buffer = larger
    this.view = new DataView(larger.buffer)
  }
}

function checkLength(type: number, length: number): void {
  if (length <= LARGEST_ATTRIBUTE) return
  throw Object.assign(new RangeError(`attribute ${type} would have ${length} bytes, 65535 is the most`), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
}
