import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, families, type ReservationLab } from './reservation-lab.js'

interface Held {
  id: number
  port: number
}

const counters = `
  table inet silence {
    counter sent {}
    chain output {
      type filter hook output priority 0
      meta l4proto { tcp, udp, icmp } counter name sent
      meta l4proto icmpv6 icmpv6 type { destination-unreachable, echo-request, echo-reply } counter name sent
    }
  }`

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
  await room.lab.nft('host', counters)
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

async function packetsSent(): Promise<number> {
  const { stdout } = await room.lab.exec('host', 'nft', [
    '-j',
    'list',
    'counters',
    'table',
    'inet',
    'silence',
  ])
  const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { packets: number } }[] }
  return nftables.find((item) => item.counter !== undefined)?.counter?.packets ?? Number.NaN
}

async function framesOnTheLink(): Promise<number> {
  const [link] = JSON.parse(await room.lab.ip('host', '-s', '-j', 'link', 'show', 'd0'))
  return link.stats64.tx.packets
}

describe.each(families)('over $family', ({ address, origin, far }) => {
  const slice = { first: 9000, last: 9099 }
  const toOrigin = { address, ports: slice, remoteAddress: origin, remotePort: 443 }

  test('reserving, being refused and releasing send nothing; the first write would', async () => {
    const before = await packetsSent()
    await room.host.call('fill', 'tuple', toOrigin)
    await room.host.call('fill', 'tuple', { ...toOrigin, remoteAddress: far })
    await room.host.call('fill', 'port', { address, ports: { first: 9100, last: 9109 }, protocol: 'tcp' })
    await room.host.call('fill', 'port', { address, ports: slice, protocol: 'udp' })
    await room.host.call('reserve', 'echo-id', { address, id: 77 })
    await room.host.call('reset')
    expect(await packetsSent()).toBe(before)

    const { id } = await room.host.call<Held>('reserve', 'tuple', toOrigin)
    await room.host.call('write', id)
    expect(await packetsSent()).toBeGreaterThan(before)
  })

  test('a tuple neither answers nor is ended by a packet from its remote', async () => {
    await room.host.call('reserve', 'tuple', { ...toOrigin, ports: 9005 })
    const before = await packetsSent()
    const ignored = () => room.host.call<number>('kernelCounter', 'TcpExt', 'TCPMinTTLDrop')
    const ignoredBefore = await ignored()
    await room.origin.call('knock', { host: address, port: 9005, localAddress: origin, localPort: 443 })
    await waitFor(async () => (await ignored()) > ignoredBefore)
    expect(await packetsSent()).toBe(before)
    await expect(room.rival.call('reserve', 'tuple', { ...toOrigin, ports: 9005 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      syscall: 'connect',
    })
  })
})

test('not a single frame leaves the interface, no ARP request either', async () => {
  // IPv6 has business of its own on every link: it announces groups and looks for routers.
  await room.lab.sysctl('host', 'net.ipv6.conf.all.disable_ipv6', '1')
  const options = { address: '192.0.2.1', remoteAddress: '192.0.2.77', remotePort: 443 }
  const before = await framesOnTheLink()
  await room.host.call('fill', 'tuple', { ...options, ports: { first: 9000, last: 9499 } })
  await room.host.call('reset')
  expect(await framesOnTheLink()).toBe(before)

  const { id } = await room.host.call<Held>('reserve', 'tuple', { ...options, ports: 9005 })
  await room.host.call('write', id)
  await waitFor(async () => (await framesOnTheLink()) > before)
})

test('while Fast Open is suspended a reservation is refused instead of being a connection', async () => {
  const options = { address: '192.0.2.1', ports: 9005, remoteAddress: '198.51.100.7', remotePort: 443 }
  await room.lab.sysctl('host', 'net.ipv4.tcp_fastopen_blackhole_timeout_sec', '3600')
  await room.lab.sysctl('host', 'net.ipv4.tcp_syn_retries', '1')
  await room.lab.ip('origin', 'route', 'add', 'blackhole', '198.51.100.0/24')
  // Data in a SYN that is never answered is what the kernel takes for a black hole.
  const { id } = await room.host.call<Held>('reserve', 'tuple', options)
  await room.host.call('write', id)
  await waitFor(() => room.host.call('kernelCounter', 'TcpExt', 'TCPFastOpenBlackhole'), {
    timeoutMs: 15_000,
  })

  const before = await room.host.call('openDescriptors')
  await expect(room.host.call('reserve', 'tuple', { ...options, ports: 9006 })).rejects.toMatchObject({
    code: 'ERR_FAST_OPEN_SUSPENDED',
    syscall: 'connect',
    hint: expect.stringContaining('tcp_fastopen_blackhole_timeout_sec'),
  })
  expect(await room.host.call('openDescriptors')).toBe(before)
}, 30_000)
