import { assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { copyBytes, viewOf } from './copy-bytes.js'

test('every length and alignment is copied, and nothing beside it', () => {
  const source = Uint8Array.from({ length: 6000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff)
  const offset = integer({ min: 0, max: 70 })
  assert(
    property(offset, offset, integer({ min: 0, max: 5000 }), (from, at, length) => {
      const target = new Uint8Array(6000).fill(0xee)
      copyBytes(viewOf(source), from, viewOf(target), at, length)
      const expected = new Uint8Array(6000).fill(0xee)
      expected.set(source.subarray(from, from + length), at)
      expect(Buffer.compare(target, expected)).toBe(0)
    }),
  )
})

test('views begin where their bytes do', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4).subarray(1, 3)
  expect(viewOf(bytes).getUint16(0)).toBe(0x0203)
  expect(viewOf(bytes).byteLength).toBe(2)
})
