import { malformed } from './malformed.js'

// Attributes are walked with plain numbers instead of reader objects: a dump has about 25 of them an entry.

const NLA_HDRLEN = 4
const NLA_TYPE_MASK = 0x3fff

/** Length of the attribute at `at`, header included, checked against `end`. */
export function attributeLength(view: DataView, at: number, end: number): number {
  if (end - at < NLA_HDRLEN) throw malformed(`${end - at} bytes after the last attribute`)
  const length = view.getUint16(at, true)
  if (length < NLA_HDRLEN || length > end - at) {
    throw malformed(`attribute of ${length} bytes where ${end - at} are left`)
  }
  return length
}

/** Type of the attribute at `at`, without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
export function attributeType(view: DataView, at: number): number {
  return view.getUint16(at + 2, true) & NLA_TYPE_MASK
}

/** Where the attribute after one of this length begins. */
export function after(at: number, length: number): number {
  return at + ((length + 3) & ~3)
}

/** Throws unless the attribute has room for its value. */
export function need(view: DataView, at: number, length: number, bytes: number): void {
  if (length - NLA_HDRLEN < bytes) {
    throw malformed(
      `attribute ${attributeType(view, at)} has ${length - NLA_HDRLEN} bytes, ${bytes} are needed`,
    )
  }
}

// Values in network order; a payload that is longer is read by its beginning, as kernels append fields.

export function uint8At(view: DataView, at: number, length: number): number {
  need(view, at, length, 1)
  return view.getUint8(at + NLA_HDRLEN)
}

export function uint16At(view: DataView, at: number, length: number): number {
  need(view, at, length, 2)
  return view.getUint16(at + NLA_HDRLEN)
}

export function uint32At(view: DataView, at: number, length: number): number {
  need(view, at, length, 4)
  return view.getUint32(at + NLA_HDRLEN)
}

export function uint64At(view: DataView, at: number, length: number): bigint {
  need(view, at, length, 8)
  return view.getBigUint64(at + NLA_HDRLEN)
}

/** A copy, since the message's bytes are used again. */
export function bytesAt(view: DataView, at: number, length: number): Uint8Array {
  const start = view.byteOffset + at + NLA_HDRLEN
  return new Uint8Array(view.buffer, start, length - NLA_HDRLEN).slice()
}

const decoder = new TextDecoder()

/** The text up to its first NUL, or all of it. */
export function textAt(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + NLA_HDRLEN, length - NLA_HDRLEN)
  const terminator = bytes.indexOf(0)
  return decoder.decode(terminator < 0 ? bytes : bytes.subarray(0, terminator))
}
