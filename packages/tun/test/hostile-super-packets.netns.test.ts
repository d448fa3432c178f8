//   namespace a
//   kernel 192.0.2.1/24 --- tun device, offload raw or split --- this test, with super-packets that lie about themselves
import type { Lab } from '@slatfatf/netns'
import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { writeIpv4HeaderChecksum } from '../src/checksum/index.js'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  PacketBatch,
  packetError,
  readCounters,
  type TunDevice,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../src/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

const PAYLOAD = 3000
const HEADERS = 40
const EINVAL = 22
const EBADMSG = 74
const EAGAIN = 11

type Words = Partial<Record<keyof typeof DESCRIPTOR, number>>

let lab: Lab
let device: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())
afterEach(() => device?.close())

/** A super-packet of TCP, three segments of 1,000 bytes, as the kernel would hand it over. */
function appendSuperPacket(batch: PacketBatch, lies: Words = {}): number {
  const length = HEADERS + PAYLOAD
  const index = batch.allocate(length)
  const words = index * DESCRIPTOR_WORDS
  const ip = batch.descriptors[words + DESCRIPTOR.offset]!
  const { view } = batch
  batch.slab.fill(0, ip, ip + length)
  view.setUint8(ip, 0x45)
  view.setUint16(ip + 2, length)
  view.setUint8(ip + 8, 64)
  view.setUint8(ip + 9, 6)
  view.setUint32(ip + 12, 0xc0000202)
  view.setUint32(ip + 16, 0xc0000201)
  writeIpv4HeaderChecksum(view, ip, length)
  view.setUint8(ip + 32, 0x50)
  view.setUint8(ip + 33, 0x10)
  const honest: Words = {
    flags: VIRTIO_NET_HDR_F_NEEDS_CSUM,
    gsoType: VIRTIO_NET_HDR_GSO_TCPV4,
    headerLength: HEADERS,
    gsoSize: 1000,
    checksumStart: 20,
    checksumOffset: 16,
  }
  for (const [name, value] of Object.entries({ ...honest, ...lies })) {
    batch.descriptors[words + DESCRIPTOR[name as keyof Words]] = value
  }
  return index
}

const counters = () => readCounters(device.queue.counters)

async function isAlive(): Promise<boolean> {
  const batch = new PacketBatch()
  batch.append(echoRequest(PEER, HOST, 77))
  expect(device.queue.writeBatch(batch)).toBe(1)
  // Resets of connections that never were come before the reply.
  for (;;) {
    await device.queue.readable()
    device.queue.readBatch(batch)
    for (let i = 0; i < batch.count; i += 1) if (isEchoReply(batch.packet(i), 77)) return true
  }
}

/** What a super-packet may say wrongly, and the status it gets for it. */
const lies: [string, Words, number][] = [
  ['a gsoSize of 0', { gsoSize: 0 }, EINVAL],
  ['an unknown segment type', { gsoType: 0x7f }, EINVAL],
  ['the segment type of another IP version', { gsoType: VIRTIO_NET_HDR_GSO_TCPV6 }, EINVAL],
  ['the segment type of another protocol', { gsoType: VIRTIO_NET_HDR_GSO_UDP_L4 }, EINVAL],
  ['a checksum behind the end', { checksumStart: HEADERS + PAYLOAD }, EINVAL],
  ['a checksum offset behind the end', { checksumOffset: 0xffff }, EINVAL],
  ['a word that fits no field', { gsoSize: 0x10000 }, EBADMSG],
  ['a negative word', { headerLength: -1 }, EBADMSG],
]

/** What the kernel alone minds: the packet can be cut all the same. */
const slips: [string, Words][] = [
  ['the gsoSize that stands for fragments', { gsoSize: 0xffff }],
  ['a header longer than the packet', { headerLength: 0xffff }],
]

describe.each(['raw', 'split'] as const)('offload %s', (mode) => {
  beforeEach(async () => {
    device = await openUp(lab, { offload: mode })
  })

  // A gso_size of 0 has been a division by zero, and a short header a read behind the end, in more than one implementation.
  test.each(lies)(
    'a super-packet with %s is refused and counted, and costs nobody else anything',
    async (_, words, status) => {
      const batch = new PacketBatch()
      batch.append(echoRequest(PEER, HOST, 1))
      const index = appendSuperPacket(batch, words)
      batch.append(echoRequest(PEER, HOST, 2))
      expect(device.queue.writeBatch(batch)).toBe(3)
      expect(batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(status)
      expect(packetError(batch, index)).toMatchObject({ hint: expect.any(String) })
      expect(counters()).toMatchObject({ writeErrors: 1, dropMalformed: 1, packetsOut: 2, fallbacks: 0 })
      // It was the packet's fault, not the kernel's: others are still taken whole.
      expect(device.offload).toEqual({ mode, tcp: 'on', udp: 'on' })
      expect(await isAlive()).toBe(true)
    },
  )

  test('an honest super-packet is taken whole', async () => {
    const batch = new PacketBatch()
    appendSuperPacket(batch)
    expect(device.queue.writeBatch(batch)).toBe(1)
    expect(batch.descriptors[DESCRIPTOR.status]).toBe(0)
    expect(counters()).toMatchObject({ superPacketsOut: 1, fallbacks: 0 })
  })

  test('whatever the words say, each packet gets a status, what is refused is counted, and the device lives on', async () => {
    const edge = constantFrom(0, 1, 3, 4, 5, 19, 20, 21, 40, 41, 255, 0xffff, 0x10000, -1)
    const field = oneof(edge, integer({ min: 0, max: 4000 }))
    const kinds = {
      flags: field,
      gsoType: field,
      headerLength: field,
      gsoSize: field,
      checksumStart: field,
      checksumOffset: field,
    }
    const words = record(kinds, { requiredKeys: [] })
    const batch = new PacketBatch({ packets: 4 })
    assert(
      property(array(words, { minLength: 1, maxLength: 4 }), (packets) => {
        batch.clear()
        for (const packet of packets) appendSuperPacket(batch, packet)
        const before = counters().writeErrors
        let next = 0
        for (let tries = 0; next < batch.count && tries < 100; tries += 1)
          next = device.queue.writeBatch(batch, next)
        expect(next).toBe(packets.length)
        const statuses = packets.map(
          (_, index) => batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status],
        )
        expect(statuses).not.toContain(EAGAIN)
        expect(counters().writeErrors - before).toBe(statuses.filter((status) => status !== 0).length)
        while (device.queue.readBatch(new PacketBatch()) > 0);
      }),
      { numRuns: 300 },
    )
    expect(await isAlive()).toBe(true)
  })
})

test.each(slips)(
  'a super-packet with %s is sent as segments, and does not turn offload off for others',
  async (_, words) => {
    device = await openUp(lab, { offload: 'raw' })
    const batch = new PacketBatch()
    appendSuperPacket(batch, words)
    appendSuperPacket(batch)
    expect(device.queue.writeBatch(batch)).toBe(2)
    expect(batch.descriptors[DESCRIPTOR.status]).toBe(0)
    expect(counters()).toMatchObject({ writeErrors: 0, fallbacks: 1, superPacketsOut: 1 })
    expect(device.offload).toEqual({ mode: 'raw', tcp: 'on', udp: 'on' })
    expect(await isAlive()).toBe(true)
  },
)
