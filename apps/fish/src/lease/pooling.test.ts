import { expect, it } from 'vitest'
import { homeSlice } from './pooling.js'

it('spreads clients evenly over slices and keeps each on its own', () => {
  const counts = new Array<number>(7).fill(0)
  for (let client = 0; client < 7000; client++) counts[homeSlice(0x0a400000 + client, 7)]!++
  for (const count of counts) {
    expect(count).toBeGreaterThan(800)
    expect(count).toBeLessThan(1200)
  }
  expect(homeSlice(0x0a400001, 7)).toBe(homeSlice(0x0a400001, 7))
})
