import { expect, test } from 'vitest'
import { resolveLink } from './link.js'

const ends = [
  { namespace: 'client', device: 'eth0', addresses: ['192.0.2.2/24'] },
  { namespace: 'edge', device: 'wg0', addresses: ['192.0.2.1/24'] },
]

test('a line, strings and objects describe the same link', () => {
  const [a, b] = ends
  const line = ['client', 'eth0', '192.0.2.2/24', 'edge', 'wg0', '192.0.2.1/24'] as const
  expect(resolveLink(line).ends).toEqual(ends)
  expect(resolveLink({ a: 'client:eth0 192.0.2.2/24', b: 'edge:wg0 192.0.2.1/24' }).ends).toEqual(ends)
  expect(resolveLink({ a: a!, b: b! }).ends).toEqual(ends)
})

test('an end may have several addresses or none', () => {
  const { ends } = resolveLink({ a: 'client:eth0', b: 'edge:wg0 192.0.2.1/24 2001:db8::1/64' })
  expect(ends.map(({ addresses }) => addresses)).toEqual([[], ['192.0.2.1/24', '2001:db8::1/64']])
})

test.each(['client', ':eth0', 'client:', 'client:eth0:1', ''])('%j is no end of a link', (a) => {
  expect(() => resolveLink({ a, b: 'edge:wg0' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})
