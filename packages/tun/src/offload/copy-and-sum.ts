import { fold } from '../checksum/internet-checksum.js'
import type { SlabWords } from './slab-words.js'

const WORD_VALUES = 2 ** 32

/**
 * Copies `length` bytes (at most 65535) from one slab to another and returns their ones-complement sum, as `onesComplementSum` would:
 * big-endian words, folded, not complemented, an odd last byte as a high half.
 *
 * A copy by the engine needs a view of the part, an object per packet; these loops need none. One loop copies and sums, since the stores
 * take most of the time: a loop that moves 64 bits at a time and another that sums are no faster. Fastest where both places are on 4-byte
 * boundaries, as they are behind IP and transport headers if `gsoSize` is a multiple of 4; two thirds of that speed where only the target
 * is; a byte at a time elsewhere.
 *
 * Both ranges must lie within their slabs: the caller has checked.
 *
 * @see RFC 1071 §2 (A) deferred carries, (B) byte order
 */
export function copyAndSum(
  source: SlabWords,
  sourceOffset: number,
  target: SlabWords,
  targetOffset: number,
  length: number,
): number {
  let sum = 0
  let done = 0
  if ((targetOffset & 3) === 0) {
    const from = source.words
    const to = target.words
    const first = sourceOffset >>> 2
    if ((sourceOffset & 3) === 0) {
      done = length & ~3
      sum = copyAligned(from, first, to, targetOffset >>> 2, done >>> 2)
    } else {
      // A slab may end with less than a word, and its last bytes are in no word then.
      const count = Math.max(0, Math.min(length >>> 2, from.length - first - 1))
      done = count << 2
      sum = copyShifted(from, (sourceOffset & 3) << 3, first, to, targetOffset >>> 2, count)
    }
  }
  for (let at = done; at < length; at += 1) {
    const byte = source.bytes[sourceOffset + at]!
    target.bytes[targetOffset + at] = byte
    sum += at & 1 ? byte << 8 : byte
  }
  const folded = fold(sum)
  return ((folded << 8) | (folded >>> 8)) & 0xffff
}

/**
 * Eight words a turn: loads first, since a store between them makes the next load check its array again. A double holds the sum of
 * 2^20 words exactly; it is folded here, because one that leaves a function may become an object.
 */
function copyAligned(
  source: Uint32Array,
  first: number,
  target: Uint32Array,
  start: number,
  count: number,
): number {
  let from = first
  let to = start
  let left = 0
  let right = 0
  for (const end = first + (count & ~7); from < end; from += 8) {
    const a = source[from]!
    const b = source[from + 1]!
    const c = source[from + 2]!
    const d = source[from + 3]!
    const e = source[from + 4]!
    const f = source[from + 5]!
    const g = source[from + 6]!
    const h = source[from + 7]!
    target[to] = a
    target[to + 1] = b
    target[to + 2] = c
    target[to + 3] = d
    target[to + 4] = e
    target[to + 5] = f
    target[to + 6] = g
    target[to + 7] = h
    to += 8
    left += a + b + c + d
    right += e + f + g + h
  }
  for (const end = first + count; from < end; from += 1) {
    const a = source[from]!
    target[to] = a
    to += 1
    left += a
  }
  const sum = left + right
  const low = sum >>> 0
  return (low & 0xffff) + (low >>> 16) + (sum - low) / WORD_VALUES
}

/** Each word of the target is made of two neighbours of the source, `down` bits apart from either. */
function copyShifted(
  source: Uint32Array,
  down: number,
  first: number,
  target: Uint32Array,
  start: number,
  count: number,
): number {
  const up = 32 - down
  let from = first
  let to = start
  let held = source[from]!
  let sum = 0
  for (const end = first + (count & ~3); from < end; from += 4) {
    const a = source[from + 1]!
    const b = source[from + 2]!
    const c = source[from + 3]!
    const d = source[from + 4]!
    const e = ((held >>> down) | (a << up)) >>> 0
    const f = ((a >>> down) | (b << up)) >>> 0
    const g = ((b >>> down) | (c << up)) >>> 0
    const h = ((c >>> down) | (d << up)) >>> 0
    target[to] = e
    target[to + 1] = f
    target[to + 2] = g
    target[to + 3] = h
    to += 4
    held = d
    sum += e + f + g + h
  }
  for (const end = first + count; from < end; from += 1) {
    const a = source[from + 1]!
    const e = ((held >>> down) | (a << up)) >>> 0
    target[to] = e
    to += 1
    held = a
    sum += e
  }
  const low = sum >>> 0
  return (low & 0xffff) + (low >>> 16) + (sum - low) / WORD_VALUES
}
