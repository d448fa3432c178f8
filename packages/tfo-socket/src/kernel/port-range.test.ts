import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePortList, withoutPorts } from './port-range.js'

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

describe('a range without some of its ports', () => {
  const whole = { first: 9000, last: 9009 }

  test('is cut where they are, wherever they lie', () => {
    expect(withoutPorts(whole, [])).toEqual([whole])
    expect(withoutPorts(whole, [{ first: 9003, last: 9004 }])).toEqual([
      { first: 9000, last: 9002 },
      { first: 9005, last: 9009 },
    ])
    expect(withoutPorts(whole, [{ first: 1, last: 9000 }])).toEqual([{ first: 9001, last: 9009 }])
    expect(withoutPorts(whole, [{ first: 9000, last: 9009 }])).toEqual([])
    expect(withoutPorts(whole, [{ first: 9010, last: 9020 }])).toEqual([whole])
  })

  test('has every other port once, and none of those', () => {
    const port = fc.integer({ min: 1, max: 60 })
    const range = fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))
    const listed = ({ first, last }: { first: number; last: number }) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i)
    fc.assert(
      fc.property(range, fc.array(range), (from, holes) => {
        const gone = new Set(holes.flatMap(listed))
        const left = withoutPorts(from, holes).flatMap(listed)
        expect(left).toEqual(listed(from).filter((p) => !gone.has(p)))
      }),
    )
  })
})
