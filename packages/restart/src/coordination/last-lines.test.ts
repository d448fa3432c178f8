import { expect, test } from 'vitest'
import { LastLines } from './last-lines.js'

test('keeps the last twenty lines, whole characters, and a last one without an end', () => {
  const lines = new LastLines()
  const bytes = Buffer.from([...Array(30).keys()].map((n) => `line ${n} ä\n`).join(''))
  for (const byte of bytes) lines.add(Buffer.from([byte]))
  lines.add(Buffer.from('no end'))
  expect(lines.take()).toEqual([...[...Array(19).keys()].map((n) => `line ${n + 11} ä`), 'no end'])
})

test('a line that never ends costs no more than a long one', () => {
  const lines = new LastLines()
  for (let n = 0; n < 1_000; n++) lines.add(Buffer.alloc(10_000, 'x'))
  expect(lines.take()[0]!.length).toBeLessThanOrEqual(1_000)
})
