import { type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { GuardCounts } from '../src/host/guards.js'
import { bundleCases, type CaseBundle } from './host-bundle.js'
import { createHostLab, type HostLab } from './host-lab.js'
import {
  describePacket,
  echoPacket,
  echoReplyPacket,
  otherPacket,
  synPacket,
  udpPacket,
} from './host-packets.js'

const slice = '198.51.100.10'
const origin = '192.0.2.2'
const out = { from: slice, to: origin }

let bundle: CaseBundle
let setup: HostLab
let client: NetnsChild
let edge: NetnsChild
let inet: NetnsChild

beforeAll(async () => {
  bundle = await bundleCases('host-steering-cases')
})
afterAll(() => bundle.remove())

beforeEach(async () => {
  setup = await createHostLab()
  const names = ['client', 'edge', 'inet'] as const
  const children = await Promise.all(names.map((name) => setup.lab.enter(name, bundle.url)))
  ;[client, edge, inet] = children as [NetnsChild, NetnsChild, NetnsChild]
  await edge.call('attachDevice', 'fishtun')
  await edge.call('install', setup.config().replace('wg0 }', 'wg0, prefixes: [10.64.0.0/24, 10.65.0.0/16] }'))
})
afterEach(() => setup.close())

const guards = () => edge.call<GuardCounts>('guards')
const arrivals = async () => (await edge.call<Uint8Array[]>('arrivals')).map(describePacket)

/** Resolves when a packet that reads so has come out of the device. */
async function arrival(text: string): Promise<void> {
  await waitFor(async () => (await arrivals()).includes(text), { message: `${text} from the device` })
}

describe('the inner guard', () => {
  it('drops what no socket of the host holds, without RST and without ICMP', async () => {
    expect(await inet.call('knockTcp', 40050, slice)).toBe('silence')
    expect(await inet.call('knockUdp', 40051, slice)).toBe('silence')
    expect((await guards()).guard_in).toBeGreaterThanOrEqual(2)
  })

  it('is not there for ports outside of the slices', async () => {
    expect(await inet.call('knockTcp', 39999, slice)).toBe('ECONNREFUSED')
    expect(await inet.call('knockUdp', 40100, slice)).toBe('ECONNREFUSED')
    expect((await guards()).guard_in).toBe(0)
  })

  it('lets sockets of the host on a slice work, bound to it or to every address', async () => {
    await edge.call('serveTcp', 40060, slice)
    await edge.call('serveTcp', 40061)
    await edge.call('bindUdp', 40062, slice)
    expect(await inet.call('askTcp', 40060, slice)).toBe('hello')
    expect(await inet.call('askTcp', 40061, slice)).toBe('hello')
    expect(await inet.call('ask', 40062, slice)).toBe('answer')
    expect((await guards()).guard_in).toBe(0)
  })

  it('lets a socket in TIME-WAIT answer a repeated FIN', async () => {
    await edge.call('serveTcp', 40063, slice)
    await inet.call('holdTcp', 40063, slice)
    // The peer does not hear that its FIN has arrived, so it repeats it until it does.
    await setup.lab.nft(
      'inet',
      'table ip deaf { chain input { type filter hook input priority 0; ip saddr 198.51.100.10 drop; }; }',
    )
    await inet.call('closeHeld')
    const sockets = async (place: string, state: string) =>
      (await setup.lab.exec(place, 'ss', ['-Htan', 'state', state])).stdout.includes(':40063')
    await waitFor(() => sockets('edge', 'time-wait'))
    expect(await sockets('inet', 'last-ack')).toBe(true)
    await setup.lab.nft('inet', 'delete table ip deaf')
    await waitFor(async () => !(await sockets('inet', 'last-ack')))
    expect((await guards()).guard_in).toBe(0)
  })
})

describe('the outer guard', () => {
  it.each([
    ['of another port of a slice address', { from: slice, to: origin }, 50000],
    ['of an address that is no slice', { from: '203.0.113.77', to: origin }, 40000],
    ['of the host itself', { from: '192.0.2.1', to: origin }, 40000],
  ])('drops a source %s', async (_, ends, port) => {
    await inet.call('bindUdp', 7)
    await edge.call('write', udpPacket(ends, [port, 7], Buffer.from('bad!')))
    await edge.call('write', udpPacket(out, [40000, 7], Buffer.from('good')))
    await waitFor(async () => (await inet.call<string[]>('received')).length > 0)
    expect(await inet.call('received')).toEqual([`${slice}:40000 good`])
    expect((await guards()).guard_out).toBe(1)
  })

  it('drops an echo request whose source is no slice, and every other protocol', async () => {
    await edge.call('write', echoPacket({ from: '203.0.113.77', to: origin }, 7))
    await edge.call('write', otherPacket(out))
    await waitFor(async () => (await guards()).guard_out === 2)
  })
})

describe('the way back', () => {
  it('takes the answer to a reserved TCP tuple into the device', async () => {
    await inet.call('serveTcp', 8080)
    await edge.call('reserve', 'tcp', 40000)
    await edge.call('write', synPacket(out, [40000, 8080]))
    await arrival(`${origin} tcp 8080>40000`)
    expect((await guards()).guard_in).toBe(0)
  })

  it('takes datagrams of any remote to a reserved UDP port', async () => {
    await edge.call('reserve', 'udp', 40001)
    expect(await inet.call('knockUdp', 40001, slice)).toBe('silence')
    await waitFor(async () => (await arrivals()).some((text) => text.endsWith('>40001')))
    expect((await guards()).guard_in).toBe(0)
  })

  it('takes all fragments of a datagram, although only the first has ports', async () => {
    await edge.call('reserve', 'udp', 40001)
    await inet.call('knockUdp', 40001, slice, 3000)
    await waitFor(
      async () => (await arrivals()).filter((text) => text === `${origin} udp fragment`).length === 2,
    )
    expect((await guards()).guard_in).toBe(0)
  })

  it('takes ICMP errors about reserved ports and tuples', async () => {
    await edge.call('reserve', 'udp', 40002)
    await edge.call('write', udpPacket(out, [40002, 9], Buffer.from('nobody is there')))
    await arrival(`${origin} icmp 3/3`)
    await setup.lab.nft(
      'inet',
      'table ip wall { chain input { type filter hook input priority 0; tcp dport 8080 reject with icmp host-prohibited; }; }',
    )
    await edge.call('reserve', 'tcp', 40003)
    await edge.call('write', synPacket(out, [40003, 8080]))
    await arrival(`${origin} icmp 3/10`)
    const { stdout } = await setup.lab.exec('edge', 'ss', ['-Htan', 'state', 'syn-sent'])
    expect(stdout).toContain(':40003')
  })

  it('takes echo replies to ids that were asked with, and no others', async () => {
    const asked = { from: slice, to: '203.0.113.5' }
    const replied = { from: '203.0.113.5', to: slice }
    await setup.lab.sysctl('inet', 'net.ipv4.ip_forward', '1')
    await inet.call('attachDevice', 'forge0')
    await setup.lab.ip('inet', 'link', 'set', 'dev', 'forge0', 'up')
    await edge.call('write', echoPacket(asked, 40004))
    await inet.call('write', echoReplyPacket(replied, 40005))
    await inet.call('write', echoReplyPacket(replied, 40004))
    await arrival('203.0.113.5 icmp 0/0')
    expect((await arrivals()).filter((text) => text.endsWith('icmp 0/0'))).toHaveLength(1)
  })

  it('takes ICMP errors about echo requests', async () => {
    await setup.lab.sysctl('inet', 'net.ipv4.ip_forward', '1')
    await setup.lab.ip('inet', 'route', 'add', 'unreachable', '203.0.113.0/24')
    await edge.call('write', echoPacket({ from: slice, to: '203.0.113.5' }, 40005))
    await arrival(`${origin} icmp 3/1`)
  })

  it.each([
    ['datagram', () => udpPacket(out, [40006, 9], Buffer.alloc(1200))],
    ['echo request', () => echoPacket(out, 40006, Buffer.alloc(1200))],
  ])('takes the errors of the host itself about too large a %s', async (_, packet) => {
    await setup.lab.ip('edge', 'link', 'set', 'dev', 'up0', 'mtu', '1000')
    await edge.call('reserve', 'udp', 40006)
    await edge.call('write', packet())
    // The source is the address the error is about: it is sent over lo.
    await waitFor(async () => (await arrivals()).some((text) => text.endsWith('icmp 3/4')))
  })

  it('is not taken by a packet that is nobody’s', async () => {
    await inet.call('knockTcp', 40050, slice)
    await inet.call('knockUdp', 40050, slice)
    await waitFor(async () => (await guards()).guard_in >= 2)
    expect((await arrivals()).filter((text) => !text.startsWith('fe80'))).toEqual([])
  })
})

describe('a client', () => {
  it('is forwarded into the device, and what the device answers reaches it', async () => {
    await client.call('bindUdp', 4000)
    await client.call('knockUdp', 53, '203.0.113.5')
    await waitFor(async () => (await arrivals()).some((text) => text.startsWith('10.64.0.2 udp')))
    await edge.call(
      'write',
      udpPacket({ from: '203.0.113.5', to: '10.64.0.2' }, [53, 4000], Buffer.from('reply!')),
    )
    await waitFor(async () => (await client.call<string[]>('received')).length > 0)
    expect(await client.call('received')).toEqual(['203.0.113.5:53 reply!'])
    expect((await guards()).guard_out).toBe(0)
  })

  it('is not forwarded from a source outside of its prefixes', async () => {
    await setup.lab.ip('client', 'address', 'add', '10.99.0.1/32', 'dev', 'lo')
    await setup.lab.ip('client', 'route', 'add', '203.0.113.5', 'via', '10.64.0.1', 'src', '10.99.0.1')
    await client.call('knockUdp', 53, '203.0.113.5')
    await waitFor(async () => (await guards()).foreign_source > 0)
    await client.call('knockUdp', 53, '203.0.113.6')
    await waitFor(async () => (await arrivals()).some((text) => text.startsWith('10.64.0.2 udp')))
    expect((await arrivals()).filter((text) => text.startsWith('10.99.0.1'))).toEqual([])
  })

  it('is not steered to what another client holds of a slice', async () => {
    await edge.call('reserve', 'udp', 40007)
    expect(await client.call('knockUdp', 40007, slice)).toBe('silence')
    await waitFor(async () => (await guards()).hairpin > 0)
    expect((await arrivals()).filter((text) => text.startsWith('10.64.0.2'))).toEqual([])
  })

  it('still reaches the host itself', async () => {
    await edge.call('serveTcp', 8081)
    expect(await client.call('askTcp', 8081, '10.64.0.1')).toBe('hello')
  })
})
