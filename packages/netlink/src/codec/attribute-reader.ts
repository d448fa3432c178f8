import { align4, NLA_F_NESTED, NLA_HDRLEN, NLA_TYPE_MASK } from '../constants.js'
import { malformedError } from '../errors/netlink-error.js'
import { formatIpAddress } from './ip-address.js'

const decoder = new TextDecoder()

/**
 * Walks netlink attributes in place, without allocating: `for (const a = readAttributes(payload, 16); a.next(); )`.
 *
 * Every length is checked against the bytes that are there: hostile input gives `ERR_NETLINK_MALFORMED`, never a
 * value from outside the attribute. A payload longer than the type asked for is accepted, since kernels append fields.
 * Integers are in host byte order (little-endian on x64 and arm64); the `BE` ones are in network order.
 */
export class AttributeReader {
  readonly #view: DataView
  readonly #end: number
  #next: number
  #type = 0
  #nested = false
  #start = 0
  #length = 0

  constructor(view: DataView, start: number, end: number) {
    this.#view = view
    this.#next = start
    this.#end = end
  }

  /** Moves to the next attribute; false when there is none. */
  next(): boolean {
    const left = this.#end - this.#next
    if (left <= 0) return false
    if (left < NLA_HDRLEN) throw malformedError(`${left} bytes after the last attribute`)
    const length = this.#view.getUint16(this.#next, true)
    if (length < NLA_HDRLEN || length > left) {
      throw malformedError(`attribute of ${length} bytes where ${left} are left`)
    }
    const flaggedType = this.#view.getUint16(this.#next + 2, true)
    this.#type = flaggedType & NLA_TYPE_MASK
    this.#nested = (flaggedType & NLA_F_NESTED) !== 0
    this.#start = this.#next + NLA_HDRLEN
    this.#length = length - NLA_HDRLEN
    this.#next += align4(length)
    return true
  }

  /** The attribute's type without the NESTED and NET_BYTEORDER flags. */
  get type(): number {
    return this.#type
  }

  /** Whether the sender marked it NLA_F_NESTED. Some nests of the kernel are not. */
  get isNested(): boolean {
    return this.#nested
  }

  /** Payload bytes. */
  get length(): number {
    return this.#length
  }

  uint8(): number {
    return this.#view.getUint8(this.#need(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#need(2), true)
  }

  uint16BE(): number {
    return this.#view.getUint16(this.#need(2))
  }

  uint32(): number {
    return this.#view.getUint32(this.#need(4), true)
  }

  uint32BE(): number {
    return this.#view.getUint32(this.#need(4))
  }

  int32(): number {
    return this.#view.getInt32(this.#need(4), true)
  }

  /** The number that follows `headerBytes` of a fixed structure. */
  uint64(headerBytes = 0): bigint {
    return this.#view.getBigUint64(this.#need(headerBytes + 8) + headerBytes, true)
  }

  uint64BE(): bigint {
    return this.#view.getBigUint64(this.#need(8))
  }

  /** The text up to the first NUL, or all of it. */
  text(): string {
    const bytes = this.bytes()
    const terminator = bytes.indexOf(0)
    return decoder.decode(terminator < 0 ? bytes : bytes.subarray(0, terminator))
  }

  /** The IPv4 or IPv6 address, by its length of 4 or 16 bytes, that follows `headerBytes` of a fixed structure. */
  ipAddress(headerBytes = 0): string {
    const length = this.#length - headerBytes
    if (length !== 4 && length !== 16) {
      throw malformedError(`attribute ${this.#type} has ${length} bytes, an IP address has 4 or 16`)
    }
    return formatIpAddress(this.bytes().subarray(headerBytes))
  }

  /** A view of the payload, valid as long as the message is. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#start, this.#length)
  }

  /** The attributes inside this one, after `headerBytes` of a fixed structure. */
  nested(headerBytes = 0): AttributeReader {
    const start = this.#need(headerBytes)
    return new AttributeReader(this.#view, start + headerBytes, start + this.#length)
  }

  #need(bytes: number): number {
    if (this.#length < bytes) {
      throw malformedError(`attribute ${this.#type} has ${this.#length} bytes, ${bytes} are needed`)
    }
    return this.#start
  }
}

/** Reads the attributes that follow `headerBytes` of the family's own header. Throws `ERR_NETLINK_MALFORMED` if it is cut. */
export function readAttributes(payload: DataView, headerBytes = 0): AttributeReader {
  if (payload.byteLength < headerBytes) {
    throw malformedError(`payload of ${payload.byteLength} bytes, its header has ${headerBytes}`)
  }
  return new AttributeReader(payload, align4(headerBytes), payload.byteLength)
}
