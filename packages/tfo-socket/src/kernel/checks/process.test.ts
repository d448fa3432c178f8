import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limitFor } from './process.js'

test('a descriptor whose number is above the limit takes no room below it', () => {
  expect(limitFor(10, [0, 1, 2])).toBe(13)
  expect(limitFor(10, [0, 1, 2, 251])).toBe(13)
  expect(limitFor(10, [251, 2, 1, 0, 12])).toBe(14)
  expect(limitFor(0, [0, 1, 2])).toBe(0)
})

test('exactly so many numbers are free below the limit, and it could not be lower', () => {
  const open = fc.uniqueArray(fc.nat(300))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), open, (count, fds) => {
      const free = (limit: number) => limit - fds.filter((fd) => fd < limit).length
      const limit = limitFor(count, fds)
      expect(free(limit)).toBe(count)
      expect(free(limit - 1)).toBe(count - 1)
    }),
  )
})
