import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksum, fold, pseudoHeaderSum, update16, update32, updatePartial32 } from './checksum.js'

const word = fc.integer({ min: 0, max: 0xffff })
const double = fc.integer({ min: 0, max: 0xffffffff })

/** The checksum by the book: one 16-bit ones-complement addition at a time (RFC 1071 §1). */
function byTheBook(words: number[]): number {
  let sum = 0
  for (const next of words) {
    sum += next
    if (sum > 0xffff) sum -= 0xffff
  }
  return ~sum & 0xffff
}

function viewOf(words: number[]): DataView {
  const view = new DataView(new ArrayBuffer(words.length * 2))
  for (const [index, value] of words.entries()) view.setUint16(index * 2, value)
  return view
}

describe('checksum', () => {
  it('agrees with the example of RFC 1071 §3', () => {
    expect(checksum(viewOf([0x0001, 0xf203, 0xf4f5, 0xf6f7]), 0, 8)).toBe(~0xddf2 & 0xffff)
  })

  it('agrees with one addition at a time, and pads an odd last byte', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        expect(checksum(viewOf(words), 0, words.length * 2)).toBe(byTheBook(words))
        if (words.length === 0) return
        const odd = [...words.slice(0, -1), words.at(-1)! & 0xff00]
        expect(checksum(viewOf(words), 0, words.length * 2 - 1)).toBe(byTheBook(odd))
      }),
    )
  })

  it('holds for a super-packet of the largest size', () => {
    expect(checksum(viewOf(new Array(32_767).fill(0xffff)), 0, 65_534)).toBe(0)
  })
})

describe('incremental updates', () => {
  // A header whose words are all zero does not occur, and has two checksums: RFC 1624 §3.
  const words = fc
    .array(word, { minLength: 3, maxLength: 12 })
    .filter((list) => list.slice(2).some((value) => value !== 0))

  it('of a word give what a full computation gives', () => {
    fc.assert(
      fc.property(words, word, (before, value) => {
        const after = [value, ...before.slice(1)]
        expect(update16(byTheBook(before), before[0]!, value)).toBe(byTheBook(after))
      }),
    )
  })

  it('of a double word give what a full computation gives', () => {
    fc.assert(
      fc.property(words, double, (before, value) => {
        const old = ((before[0]! << 16) | before[1]!) >>> 0
        const after = [value >>> 16, value & 0xffff, ...before.slice(2)]
        expect(update32(byTheBook(before), old, value)).toBe(byTheBook(after))
      }),
    )
  })

  it('of a partial checksum give the pseudo-header sum of the new addresses', () => {
    fc.assert(
      fc.property(double, double, double, word, (source, destination, other, length) => {
        const updated = updatePartial32(pseudoHeaderSum(source, destination, 6, length), source, other)
        expect(updated).toBe(pseudoHeaderSum(other, destination, 6, length))
      }),
    )
  })
})

it('fold leaves at most sixteen bits and keeps the value modulo 0xffff', () => {
  fc.assert(
    fc.property(double, (sum) => {
      expect(fold(sum)).toBeLessThanOrEqual(0xffff)
      expect(fold(sum) % 0xffff).toBe(sum % 0xffff)
    }),
  )
})
