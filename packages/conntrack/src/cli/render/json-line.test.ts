import { expect, test } from 'vitest'
import { jsonLine } from './json-line.js'

test('64-bit numbers are strings, bytes are hexadecimal, and all is one line', () => {
  const line = jsonLine({
    bytes: 2n ** 64n - 1n,
    labels: Uint8Array.of(1, 255),
    text: 'a\nb',
    none: undefined,
  })
  expect(line).toBe('{"bytes":"18446744073709551615","labels":"01ff","text":"a\\nb"}')
})
