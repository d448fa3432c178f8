/** Longest stretch whose lanes stay below 2^31. */
const STRETCH_BYTES = 0x10000

/**
 * Folds a sum of 16-bit words, an integer from 0 to 2^32 - 1, into 16 bits. The value modulo 0xffff stays, and only 0 becomes 0.
 *
 * @see RFC 1071 §1
 */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return (once & 0xffff) + (once >>> 16)
}

/**
 * Ones-complement sum of the big-endian 16-bit words in `[offset, offset + length)`, folded and not complemented. An odd last byte is
 * the high half of a word.
 *
 * `initial` is a sum to go on from: a pseudo-header's, or that of the bytes before, if those are an even number. Any alignment and
 * any length, at the same speed; a `length` of 0 or less adds nothing. Allocates nothing.
 *
 * @throws RangeError (of DataView) if the range is not within the view
 * @see RFC 1071 §1, §2
 */
export function onesComplementSum(view: DataView, offset: number, length: number, initial = 0): number {
  let sum = initial
  let at = offset
  let left = length
  for (; left > STRETCH_BYTES; left -= STRETCH_BYTES) {
    sum = fold(sum) + sumStretch(view, at, STRETCH_BYTES)
    at += STRETCH_BYTES
  }
  return fold(fold(sum) + sumStretch(view, at, left))
}

/**
 * The Internet checksum of `[offset, offset + length)`: the complement of {@link onesComplementSum}.
 *
 * Over bytes whose checksum field is 0 it is what to put there; over bytes that carry a right checksum it is 0.
 *
 * @throws RangeError (of DataView) if the range is not within the view
 * @see RFC 1071 §1
 */
export function internetChecksum(view: DataView, offset: number, length: number, initial = 0): number {
  return ~onesComplementSum(view, offset, length, initial) & 0xffff
}

/**
 * Adds 32-bit words in little-endian order, which is that of the machine, and swaps the bytes of the result once (RFC 1071 §2 B).
 * Of each word only the high half is split off: `high` is exact, `words` is exact modulo 2^32, so the sum of the low halves is
 * `words - high * 2^16` modulo 2^32. That costs three instructions for four bytes, and no carry is ever looked at.
 */
function sumStretch(view: DataView, offset: number, length: number): number {
  let words = 0
  let high = 0
  let at = offset
  const end = offset + length
  for (const last = end - 32; at <= last; at += 32) {
    const a = view.getInt32(at, true)
    const b = view.getInt32(at + 4, true)
    const c = view.getInt32(at + 8, true)
    const d = view.getInt32(at + 12, true)
    const e = view.getInt32(at + 16, true)
    const f = view.getInt32(at + 20, true)
    const g = view.getInt32(at + 24, true)
    const h = view.getInt32(at + 28, true)
    words = (words + a + b + c + d + e + f + g + h) | 0
    high =
      (high +
        (a >>> 16) +
        (b >>> 16) +
        (c >>> 16) +
        (d >>> 16) +
        (e >>> 16) +
        (f >>> 16) +
        (g >>> 16) +
        (h >>> 16)) |
      0
  }
  if (at + 16 <= end) {
    const a = view.getInt32(at, true)
    const b = view.getInt32(at + 4, true)
    const c = view.getInt32(at + 8, true)
    const d = view.getInt32(at + 12, true)
    words = (words + a + b + c + d) | 0
    high = (high + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0
    at += 16
  }
  for (; at + 4 <= end; at += 4) {
    const a = view.getInt32(at, true)
    words = (words + a) | 0
    high = (high + (a >>> 16)) | 0
  }
  if (at + 2 <= end) {
    words = (words + view.getUint16(at, true)) | 0
    at += 2
  }
  if (at < end) words = (words + view.getUint8(at)) | 0
  const low = (words - (high << 16)) >>> 0
  const sum = fold(low + high)
  return ((sum << 8) | (sum >>> 8)) & 0xffff
}
