import { expect, test } from 'vitest'
import { durationText } from './duration-text.js'

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_200, '1.2 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [12_000_000, '3 h 20 min'],
  [187_200_000, '2 d 4 h'],
])('%i ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})
