//   namespace a
//   client 192.0.2.1 -> 192.0.2.2 --- tun device --- this test swaps the addresses
//   server 192.0.2.1 <- 192.0.2.2 --- tun device ---/            (the same over 2001:db8::/64)
import { spawnSync } from 'node:child_process'
import type { Lab, NetnsChild } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  openTun,
  PacketBatch,
  TUN_COUNTER,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../src/index.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'
import { turnAround } from './turn-around.js'

const MTU = 1500
const MIB = 1 << 20

let lab: Lab
let child: NetnsChild

beforeAll(async () => {
  lab = await createTunLab()
  child = await lab.enter('a', new URL('./cases/tcp-transfer.mjs', import.meta.url))
})
afterAll(() => lab?.close())

test('raw hands over super-packets of TCP over IPv4, and takes them back', async () => {
  await using device = await openUp(lab, { offload: 'raw' })
  expect(device.offload).toMatchObject({ mode: 'raw', tcp: 'on' })
  const { seen } = turnAround(device)
  expect(await child.call('transfer', HOST, PEER, 16 * MIB)).toEqual({ intact: true, remote: PEER })

  const large = seen.filter(({ length }) => length > MTU)
  expect(large.length).toBeGreaterThan(0)
  for (const packet of large) {
    expect(packet).toMatchObject({
      gsoType: VIRTIO_NET_HDR_GSO_TCPV4,
      flags: VIRTIO_NET_HDR_F_NEEDS_CSUM,
      checksumStart: 20,
    })
    expect(packet.gsoSize).toBeGreaterThan(0)
    expect(packet.gsoSize).toBeLessThanOrEqual(MTU - 40)
  }
  expect(seen.every(({ status }) => status === 0)).toBe(true)
  const { counters } = device.queue
  expect(counters[TUN_COUNTER.superPacketsIn]).toBeGreaterThanOrEqual(large.length)
  expect(counters[TUN_COUNTER.superPacketsOut]).toBe(counters[TUN_COUNTER.superPacketsIn])
})

test('raw hands over super-packets of TCP over IPv6, and takes them back', async () => {
  await using device = await openUp(lab, { offload: 'auto' })
  await lab.sysctl('a', `net/ipv6/conf/${device.name}/disable_ipv6`, '0')
  await lab.ip('a', 'address', 'add', '2001:db8::1/64', 'dev', device.name, 'nodad')
  const { seen } = turnAround(device)
  expect(await child.call('transfer', '2001:db8::1', '2001:db8::2', 16 * MIB)).toEqual({
    intact: true,
    remote: '2001:db8::2',
  })
  const large = seen.filter(({ length }) => length > MTU)
  expect(large.length).toBeGreaterThan(0)
  expect(large.every(({ gsoType }) => gsoType === VIRTIO_NET_HDR_GSO_TCPV6)).toBe(true)
})

test('where UDP is live, datagrams of one send arrive as one super-packet', async () => {
  await using device = await openUp(lab, { offload: 'raw' })
  // UDP_SEGMENT is 103 at level 17: ten datagrams of 1,000 bytes in one call.
  const script = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(17, 103, 1000)
s.sendto(bytes(10000), ('${PEER}', 9))`
  await lab.exec('a', 'python3', ['-c', script])
  const { queue, offload } = device
  const batch = new PacketBatch()
  queue.readBatch(batch)
  // Connections of earlier tests may still be saying goodbye.
  const datagrams = [...Array(batch.count).keys()].filter((index) => batch.packet(index)[9] === 17)
  if (offload.udp !== 'on') {
    expect(offload.reason).toBe('ioctl(TUNSETOFFLOAD): EINVAL')
    expect(datagrams).toHaveLength(10)
    return
  }
  expect(datagrams).toHaveLength(1)
  const words = batch.descriptors.subarray(datagrams[0]! * DESCRIPTOR_WORDS)
  expect(words[DESCRIPTOR.length]).toBe(28 + 10_000)
  expect(words[DESCRIPTOR.flags]).toBe(VIRTIO_NET_HDR_F_NEEDS_CSUM)
  expect(words[DESCRIPTOR.gsoType]).toBe(VIRTIO_NET_HDR_GSO_UDP_L4)
  expect(words[DESCRIPTOR.gsoSize]).toBe(1000)
})

// The offload mask belongs to the device: without clearing it, ping works and TCP dies.
test('a persistent device that was raw gives no super-packets when reopened with offload off', async () => {
  const raw = await openUp(lab, { name: 'trap', offload: 'raw', persist: true })
  await raw.close()
  await using device = await openTun({ netns: lab.path('a'), name: 'trap', exclusive: false, persist: false })
  const { seen } = turnAround(device)
  expect(await child.call('transfer', HOST, PEER, 4 * MIB)).toEqual({ intact: true, remote: PEER })
  expect(Math.max(...seen.map(({ length }) => length))).toBeLessThanOrEqual(MTU)
  expect(seen.every(({ flags, gsoType, status }) => flags === 0 && gsoType === 0 && status === 0)).toBe(true)
})

test('a persistent device left with another virtio header size is put right', async () => {
  const made = await openUp(lab, { name: 'wide', offload: 'raw', persist: true })
  // TUNSETVNETHDRSZ with the 12 bytes of a virtio 1.0 header.
  const script = "import fcntl, struct; fcntl.ioctl(3, 0x400454d8, struct.pack('i', 12))"
  expect(
    spawnSync('python3', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit', made.queue.fd] }).status,
  ).toBe(0)
  await made.close()
  await using device = await openTun({
    netns: lab.path('a'),
    name: 'wide',
    exclusive: false,
    offload: 'raw',
    persist: false,
  })
  turnAround(device)
  expect(await child.call('transfer', HOST, PEER, MIB)).toEqual({ intact: true, remote: PEER })
})
