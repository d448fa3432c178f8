//   namespace a
//   client 192.0.2.1 -> 192.0.2.2 --- tun device --- this test swaps the addresses
//   server 192.0.2.1 <- 192.0.2.2 --- tun device ---/
import type { Lab } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  readCounters,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../src/index.js'
import { sendDatagrams } from './send-datagrams.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'
import { turnAround } from './turn-around.js'

const MTU = 1500
const MIB = 1 << 20

let lab: Lab

beforeEach(async () => {
  lab = await createTunLab()
})
afterEach(() => lab?.close())

// Drivers below the device may be at odds with the super-packets of one protocol and not with those of the other.
test.each([
  ['TCP', { tcp: false }, { tcp: 'off', udp: 'on' }, VIRTIO_NET_HDR_GSO_UDP_L4],
  ['UDP', { udp: false }, { tcp: 'on', udp: 'off' }, VIRTIO_NET_HDR_GSO_TCPV4],
] as const)(
  'super-packets of %s can be switched off alone: none is handed over, and those of the other protocol are',
  async (_, protocols, live, gsoType) => {
    await using device = await openUp(lab, { offload: { mode: 'raw', ...protocols } })
    expect(device.offload).toEqual({ mode: 'raw', ...live })
    const { seen } = turnAround(device)
    const client = await lab.enter('a', new URL('./cases/tcp-transfer.mjs', import.meta.url))
    expect(await client.call('transfer', HOST, PEER, 4 * MIB)).toEqual({ intact: true, remote: PEER })
    expect(await sendDatagrams(lab, [HOST, PEER])).toEqual({ received: 600, intact: true })

    expect(new Set(seen.map((packet) => packet.gsoType))).toEqual(new Set([VIRTIO_NET_HDR_GSO_NONE, gsoType]))
    const ordinary = seen.filter((packet) => packet.gsoType === VIRTIO_NET_HDR_GSO_NONE)
    expect(Math.max(...ordinary.map(({ length }) => length))).toBeLessThanOrEqual(MTU)
    const { superPacketsIn, superPacketsOut } = readCounters(device.queue.counters)
    expect(superPacketsIn).toBeGreaterThan(0)
    expect(superPacketsOut).toBe(superPacketsIn)
  },
)

test('both switched off leave unfinished checksums, and no super-packet', async () => {
  await using device = await openUp(lab, { offload: { mode: 'raw', tcp: false, udp: false } })
  expect(device.offload).toEqual({ mode: 'raw', tcp: 'off', udp: 'off' })
  const { seen } = turnAround(device)
  const client = await lab.enter('a', new URL('./cases/tcp-transfer.mjs', import.meta.url))
  expect(await client.call('transfer', HOST, PEER, MIB)).toEqual({ intact: true, remote: PEER })
  expect(readCounters(device.queue.counters)).toMatchObject({ superPacketsIn: 0, writeErrors: 0 })
  expect(seen.some(({ flags }) => flags !== 0)).toBe(true)
})
