import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePortList } from './port-range.js'

describe('the list of reserved ports', () => {
  test('may be empty', () => {
    expect(parsePortList('\n')).toEqual([])
  })

  test('holds single ports and ranges', () => {
    expect(parsePortList('9000-9010,9050\n')).toEqual([
      { first: 9000, last: 9010 },
      { first: 9050, last: 9050 },
    ])
  })

  test('is read back as it was written', () => {
    const port = fc.integer({ min: 1, max: 65535 })
    const range = fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const text = ranges
          .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
          .join(',')
        expect(parsePortList(`${text}\n`)).toEqual(ranges)
      }),
    )
  })
})
