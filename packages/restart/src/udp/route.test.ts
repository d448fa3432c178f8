import { expect, test } from 'vitest'
import { describeRoute } from './route.js'

function route(family: number, port: number, scope: number, peer: string, local: string): Buffer {
  const head = Buffer.from([family, 0, port >> 8, port & 0xff, 0, 0, 0, scope])
  return Buffer.concat([
    head,
    Buffer.from(peer.padStart(32, '0'), 'hex'),
    Buffer.from(local.padStart(32, '0'), 'hex'),
  ])
}

test.each([
  [route(4, 53, 0, 'ffffc0000201', 'ffff7f000001'), '192.0.2.1', 'IPv4', '127.0.0.1'],
  [route(6, 53, 0, 'ffffc0000201', 'ffff7f000001'), '192.0.2.1', 'IPv4', '127.0.0.1'],
  [route(6, 53, 0, '20010db8000000000000000000000001', '1'), '2001:db8::1', 'IPv6', '::1'],
  [route(6, 53, 3, 'fe800000000000000000000000000002', '0'), 'fe80::2%3', 'IPv6', '::'],
])('route %# is told in words', (bytes, address, family, localAddress) => {
  expect(describeRoute(bytes)).toEqual({ address, port: 53, family, localAddress })
})
