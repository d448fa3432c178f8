import { expect, test } from 'vitest'
import { ScriptedKernel } from '../../test/scripted-kernel.js'
import { NetlinkConnection } from '../connection.js'
import { RouteSocket } from './route-socket.js'
import { watchLinks } from './watch-links.js'

const kernel = new ScriptedKernel()
const socket = new RouteSocket(new NetlinkConnection(kernel))
const wrongType = 'ERR_INVALID_ARG_TYPE'
const wrongValue = 'ERR_INVALID_ARG_VALUE'

test.each<[string, () => Promise<unknown>, string]>([
  ['a name of 16 bytes', () => socket.link('sixteen-bytes-xx'), wrongValue],
  ['an empty name', () => socket.removeLink(''), wrongValue],
  ['a name with a slash', () => socket.link('eth/0'), wrongValue],
  ['index 0', () => socket.link(0), wrongValue],
  ['a missing name', () => socket.link(undefined as never), wrongType],
  ['a negative MTU', () => socket.setLink('eth0', { mtu: -1 }), wrongValue],
  [
    'an unknown address generation',
    () => socket.setLink('eth0', { addressGeneration: 'x' as never }),
    wrongValue,
  ],
  [
    'an address that is none',
    () => socket.ensureAddress({ interface: 'eth0', address: '192.0.2' }),
    wrongValue,
  ],
  [
    'a peer of the other family',
    () => socket.ensureAddress({ interface: 'eth0', address: '192.0.2.1/32', peer: '2001:db8::1' }),
    wrongValue,
  ],
  [
    'a peer with another prefix length than the address',
    () => socket.ensureAddress({ interface: 'eth0', address: '192.0.2.1/24', peer: '203.0.113.1/32' }),
    wrongValue,
  ],
  [
    'a peer with a prefix length over 32',
    () => socket.removeAddress({ interface: 'eth0', address: '192.0.2.1', peer: '203.0.113.1/33' }),
    wrongValue,
  ],
  ['a negative descriptor', () => socket.setLink('eth0', { netns: -1 }), wrongValue],
  ['a namespace that is none', () => socket.setLink('eth0', { netns: {} as never }), wrongType],
  ['statistics by number', () => socket.link('eth0', { statistics: 1 as never }), wrongType],
  ['a listener that is none', () => watchLinks(undefined as never), wrongType],
  ['a ref that is none', () => watchLinks({}, { ref: 'no' as never }), wrongType],
  ['family 5', () => socket.addresses({ family: 5 as never }), wrongValue],
  ['a destination with host bits', () => socket.ensureRoute({ destination: '192.0.2.1/24' }), wrongValue],
  [
    'an IPv4 gateway to an IPv6 destination',
    () => socket.ensureRoute({ destination: '2001:db8::/32', gateway: '192.0.2.1' }),
    wrongValue,
  ],
  [
    'a family against the destination',
    () => socket.removeRoute({ destination: '2001:db8::/32', family: 4 }),
    wrongValue,
  ],
  ['an unknown type', () => socket.ensureRoute({ destination: 'default', type: 'x' as never }), wrongValue],
  ['a protocol over 255', () => socket.ensureRoute({ destination: 'default', protocol: 256 }), wrongValue],
  ['a text to resolve', () => socket.resolveRoute('localhost'), wrongValue],
  ['a rule without a priority', () => socket.ensureRule({ table: 1 } as never), wrongType],
  ['a rule to table 0', () => socket.ensureRule({ priority: 1, table: 0 }), wrongValue],
  ['a mark over 32 bits', () => socket.removeRule({ priority: 1, table: 1, mark: 2 ** 32 }), wrongValue],
  [
    'a rule of two families',
    () => socket.ensureRule({ priority: 1, table: 1, from: '192.0.2.0/24', to: '2001:db8::/32' }),
    wrongValue,
  ],
])('%s is a wrong argument, and nothing is sent', async (_, call, code) => {
  await expect(call()).rejects.toMatchObject({ code })
  expect(kernel.sent).toEqual([])
})
