import { expect, test } from 'vitest'
import { parseDuration } from './parse-duration.js'

test.each([
  ['0', 0],
  ['30', 30_000],
  ['500ms', 500],
  ['1.5s', 1_500],
  ['2m', 120_000],
  ['2min', 120_000],
  ['1h', 3_600_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration('timeout', text)).toBe(ms)
})

test.each(['', '-1', '1 s', '3d', 's', '1e3', '600h', 'forever'])('%j is wrong use', (text) => {
  expect(() => parseDuration('timeout', text)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_USAGE' }))
})
