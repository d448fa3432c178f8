import { assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { naiveSum } from '../checksum/testing/naive-checksum.js'
import { copyAndSum } from './copy-and-sum.js'
import { slabWords } from './slab-words.js'
import { bytesOf } from './testing/build-packet.js'

const MARGIN = 16

test('copies and sums any length between any two places, and touches nothing else', () => {
  const shift = integer({ min: 0, max: 3 })
  assert(
    property(
      shift,
      shift,
      integer({ min: 0, max: 300 }),
      integer({ min: 0, max: 3 }),
      integer(),
      (from, to, length, spare, seed) => {
        // The source ends with the range, on whatever boundary that is.
        const source = bytesOf(from + length, seed)
        const target = new Uint8Array(MARGIN + to + length + spare).fill(0xa5)
        const sum = copyAndSum(slabWords(source), from, slabWords(target), MARGIN + to, length)
        expect([...target.subarray(MARGIN + to, MARGIN + to + length)]).toEqual([...source.subarray(from)])
        expect(sum).toBe(naiveSum(source.subarray(from)))
        target.fill(0xa5, MARGIN + to, MARGIN + to + length)
        expect(target.every((byte) => byte === 0xa5)).toBe(true)
      },
    ),
    { seed: 3, numRuns: 500 },
  )
})

test('the largest packet of the largest bytes keeps its sum', () => {
  for (const [from, to] of [
    [0, 0],
    [1, 0],
    [0, 1],
  ] as const) {
    const source = new Uint8Array(65536).fill(0xff)
    const target = new Uint8Array(65540)
    expect(copyAndSum(slabWords(source), from, slabWords(target), to, 65535)).toBe(
      naiveSum(source.subarray(from, from + 65535)),
    )
  }
})
