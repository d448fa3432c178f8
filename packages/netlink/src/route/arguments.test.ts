import { expect, test } from 'vitest'
import { ScriptedKernel } from '../../test/scripted-kernel.js'
import { NetlinkConnection } from '../connection/connection.js'
import { RouteSocket } from './route-socket.js'
import { watchLinks } from './watch/watch-links.js'

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
  ['a link of an unknown kind', () => socket.addLink({ kind: 'x', name: 'x0' } as never), wrongValue],
  ['a cable without a far end', () => socket.addLink({ kind: 'veth', name: 'x0' } as never), wrongType],
  ['a macvlan on nothing', () => socket.addLink({ kind: 'macvlan', name: 'x0' } as never), wrongType],
  [
    'a macvlan in an unknown mode',
    () => socket.addLink({ kind: 'macvlan', name: 'x0', link: 1, mode: 'l2' as never }),
    wrongValue,
  ],
  ['a VLAN of 4095', () => socket.addLink({ kind: 'vlan', name: 'x0', link: 1, id: 4095 }), wrongValue],
  [
    'a hardware address of five bytes',
    () => socket.addLink({ kind: 'dummy', name: 'x0', address: '02:00:00:00:01' }),
    wrongValue,
  ],
  ['an option that does not exist', () => socket.setLink('eth0', { MTU: 1 } as never), wrongValue],
  [
    'a neighbour without a link-layer address',
    () => socket.ensureNeighbour({ interface: 'eth0', address: '192.0.2.1' } as never),
    wrongType,
  ],
  [
    'a neighbour in a state that cannot be set',
    () =>
      socket.ensureNeighbour({
        interface: 'eth0',
        address: '192.0.2.1',
        lladdr: '02:00:00:00:00:01',
        state: 'probe' as never,
      }),
    wrongValue,
  ],
  ['an unknown neighbour state', () => socket.neighbours({ state: 'x' as never }), wrongValue],
  [
    'several ways and a gateway',
    () =>
      socket.ensureRoute({
        destination: 'default',
        gateway: '192.0.2.1',
        nextHops: [{ gateway: '192.0.2.2' }],
      }),
    wrongValue,
  ],
  ['no way of several', () => socket.ensureRoute({ destination: 'default', nextHops: [] }), wrongValue],
  [
    'a weight of 0',
    () => socket.ensureRoute({ destination: 'default', nextHops: [{ interface: 1, weight: 0 }] }),
    wrongValue,
  ],
  ['a hop limit of 256', () => socket.ensureRoute({ destination: 'default', hoplimit: 256 }), wrongValue],
  ['a misspelt option', () => socket.removeRoute({ destination: 'default', via: 'x' } as never), wrongValue],
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
