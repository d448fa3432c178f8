import { assert, integer, property, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, internetChecksum, onesComplementSum } from './index.js'
import { naiveChecksum, naiveSum } from './testing/naive-checksum.js'
import { place } from './testing/place.js'

const uint32 = integer({ min: 0, max: 0xffffffff })
const someBytes = uint8Array({ maxLength: 300 })

describe('the sum', () => {
  test('is that of the example in RFC 1071 §3', () => {
    const { view, offset, length } = place([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])
    expect(onesComplementSum(view, offset, length)).toBe(0xddf2)
    expect(internetChecksum(view, offset, length)).toBe(0x220d)
  })

  test('is that of one word at a time, for every length and alignment, and nothing around the range counts', () => {
    assert(
      property(someBytes, integer({ min: 0, max: 9 }), (bytes, shift) => {
        for (const guard of [0, 0xff]) {
          const { view, offset, length } = place(bytes, { shift, guard })
          expect(onesComplementSum(view, offset, length)).toBe(naiveSum(bytes))
          expect(internetChecksum(view, offset, length)).toBe(naiveChecksum(bytes))
        }
      }),
    )
  })

  test('is right for each length up to three unrolled blocks', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => 255 - index * 3)
    for (let length = 0; length <= 100; length += 1) {
      const { view, offset } = place(bytes.subarray(0, length), { shift: 1 })
      expect(onesComplementSum(view, offset, length)).toBe(naiveSum(bytes.subarray(0, length)))
    }
  })

  test.each([65_534, 65_535, 65_536, 65_537, 131_073, 300_001])(
    'does not overflow over %i bytes of ones',
    (length) => {
      const bytes = new Uint8Array(length).fill(0xff)
      expect(onesComplementSum(new DataView(bytes.buffer), 0, length)).toBe(
        length % 2 === 0 ? 0xffff : 0xff00,
      )
    },
  )

  test('goes on from the sum of what came before', () => {
    assert(
      property(someBytes, someBytes, uint32, (first, second, initial) => {
        const even = first.subarray(0, first.length & ~1)
        const a = place(even)
        const b = place(second, { shift: 3 })
        const before = onesComplementSum(a.view, a.offset, a.length)
        expect(onesComplementSum(b.view, b.offset, b.length, before)).toBe(naiveSum(even, second))
        const words = [initial >>> 24, (initial >>> 16) & 0xff, (initial >>> 8) & 0xff, initial & 0xff]
        expect(onesComplementSum(b.view, b.offset, b.length, initial)).toBe(naiveSum(words, second))
      }),
    )
  })

  test('of nothing, or less, is what it began with', () => {
    const { view } = place([1, 2, 3, 4])
    expect(onesComplementSum(view, 0, 0)).toBe(0)
    expect(onesComplementSum(view, 0, -5, 7)).toBe(7)
  })

  test('is 0 only if every byte is', () => {
    const { view, offset } = place([0xff, 0xff, 0, 0])
    expect(onesComplementSum(view, offset, 4)).toBe(0xffff)
    expect(onesComplementSum(view, offset + 2, 2)).toBe(0)
  })

  test('outside the view is refused by the view', () => {
    expect(() => onesComplementSum(new DataView(new ArrayBuffer(10)), 4, 8)).toThrow(RangeError)
  })
})

test('fold leaves at most sixteen bits, keeps the value modulo 0xffff, and makes 0 only of 0', () => {
  assert(
    property(uint32, (sum) => {
      expect(fold(sum)).toBeLessThanOrEqual(0xffff)
      expect(fold(sum) % 0xffff).toBe(sum % 0xffff)
      expect(fold(sum) === 0).toBe(sum === 0)
    }),
  )
  expect(fold(0xffffffff)).toBe(0xffff)
})
