import { array, assert, integer, nat, property, record, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP,
} from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { OFFLOAD_OFF } from '../queue/offload-switch.js'
import { createCounters, TUN_COUNTER } from '../queue/tun-counter.js'
import { EBADF, EBADMSG, EFAULT, EINVAL, EIO, EMSGSIZE, EOPNOTSUPP } from './linux-errno.js'
import { MemoryDriver } from './memory-driver.js'
import { PacketRing } from './packet-ring.js'
import { ipv4Packet } from './testing/ipv4-packet.js'

const RAW = { mode: 'raw', tcp: 'on', udp: 'on' } as const

interface Side {
  driver: MemoryDriver
  counters: Float64Array
}

function createPair({
  mtu = 1500,
  packets = 500,
  offload = OFFLOAD_OFF as typeof OFFLOAD_OFF | typeof RAW,
} = {}) {
  const rings = [0, 1].map(() => new PacketRing(packets, 65535, 1 << 20)) as [PacketRing, PacketRing]
  const sides = [0, 1].map((side) => {
    const counters = createCounters()
    const [outbound, inbound] = side === 0 ? rings : [rings[1], rings[0]]
    const driver = new MemoryDriver({ name: `memory${side}`, mtu, offload, counters, inbound, outbound })
    return { driver, counters }
  }) as [Side, Side]
  MemoryDriver.connect(sides[0].driver, sides[1].driver)
  return sides
}

function write(driver: MemoryDriver, batch: PacketBatch, from = 0): number {
  return driver.writeBatch(batch.slab, batch.descriptors, from, batch.count)
}

function read(driver: MemoryDriver, batch: PacketBatch): number {
  const count = driver.readBatch(batch.slab, batch.descriptors, batch.headroom, batch.tailroom)
  batch.adopt(Math.max(count, 0))
  return count
}

function batchOf(...packets: Uint8Array[]): PacketBatch {
  const batch = new PacketBatch({ packets: Math.max(packets.length, 1) })
  for (const packet of packets) batch.append(packet)
  return batch
}

function word(batch: PacketBatch, index: number, name: keyof typeof DESCRIPTOR): number {
  return batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR[name]]!
}

test('packets pass in both directions, whole, in order and in whatever batches they are read', () => {
  const shape = record({
    packets: array(uint8Array({ maxLength: 1480 }), { minLength: 1, maxLength: 60 }),
    capacity: integer({ min: 1, max: 20 }),
    headroom: integer({ min: 10, max: 200 }),
    tailroom: nat(200),
  })
  assert(
    property(shape, ({ packets, capacity, headroom, tailroom }) => {
      const [a, b] = createPair()
      const sent = packets.map(ipv4Packet)
      expect(write(a.driver, batchOf(...sent))).toBe(sent.length)
      expect(write(b.driver, batchOf(...sent.toReversed()))).toBe(sent.length)
      for (const [{ driver }, expected] of [
        [b, sent],
        [a, sent.toReversed()],
      ] as const) {
        const batch = new PacketBatch({ packets: capacity, headroom, tailroom })
        const got: Uint8Array[] = []
        while (read(driver, batch) > 0) {
          for (let i = 0; i < batch.count; i += 1) got.push(batch.packet(i).slice())
        }
        expect(got).toEqual(expected)
      }
    }),
    { numRuns: 50 },
  )
})

test('a batch that is read is laid out as the addon lays it out', () => {
  const [a, b] = createPair()
  write(a.driver, batchOf(ipv4Packet(new Uint8Array(100)), ipv4Packet(new Uint8Array(1))))
  const batch = new PacketBatch({ headroom: 70, tailroom: 5 })
  batch.descriptors.fill(9)
  expect(read(b.driver, batch)).toBe(2)
  expect([...batch.descriptors.subarray(0, 2 * DESCRIPTOR_WORDS)]).toEqual([
    ...[128, 120, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[384, 21, 0, 0, 0, 0, 0, 0, 0, 0],
  ])
})

test('a full queue stops at the packet that it does not take, and goes on from there', () => {
  const [a, b] = createPair({ packets: 3 })
  const sent = [1, 2, 3, 4, 5].map((i) => ipv4Packet(Uint8Array.of(i)))
  const batch = batchOf(...sent)
  batch.descriptors[4 * DESCRIPTOR_WORDS + DESCRIPTOR.status] = 99
  expect(write(a.driver, batch)).toBe(3)
  expect([word(batch, 3, 'status'), word(batch, 4, 'status')]).toEqual([0, 99])
  expect(a.counters[TUN_COUNTER.writeAgain]).toBe(1)
  expect(a.counters[TUN_COUNTER.writeErrors]).toBe(0)

  const single = new PacketBatch({ packets: 1 })
  read(b.driver, single)
  expect(write(a.driver, batch, 3)).toBe(4)
  expect(write(a.driver, batch, 4)).toBe(4)
  const rest = new PacketBatch()
  expect(read(b.driver, rest)).toBe(3)
  expect([0, 1, 2].map((i) => rest.packet(i)[20])).toEqual([2, 3, 4])
})

test('what passes is counted on both sides', () => {
  const [a, b] = createPair()
  write(a.driver, batchOf(...[1, 2, 3].map(() => ipv4Packet(new Uint8Array(80)))))
  expect(read(b.driver, new PacketBatch())).toBe(3)
  expect(read(b.driver, new PacketBatch())).toBe(0)
  const names = ['batches', 'packets', 'bytes'] as const
  expect(names.map((name) => a.counters[TUN_COUNTER[`${name}Out`]])).toEqual([1, 3, 300])
  expect(names.map((name) => b.counters[TUN_COUNTER[`${name}In`]])).toEqual([1, 3, 300])
  expect(a.counters[TUN_COUNTER.batchSizesOut + 1]).toBe(1)
  expect(b.counters[TUN_COUNTER.batchSizesIn + 1]).toBe(1)
  expect(b.counters[TUN_COUNTER.readAgain]).toBe(2)
})

describe('refuses', () => {
  const set = (batch: PacketBatch, name: keyof typeof DESCRIPTOR, value: number) => {
    batch.descriptors[DESCRIPTOR[name]] = value
  }

  test.each<[string, number, keyof typeof TUN_COUNTER, (batch: PacketBatch) => void]>([
    ['an offset before the slab', EFAULT, 'dropOutside', (batch) => set(batch, 'offset', -1)],
    [
      'an end behind the slab',
      EFAULT,
      'dropOutside',
      (batch) => set(batch, 'offset', batch.slab.length - 10),
    ],
    ['a negative length', EFAULT, 'dropOutside', (batch) => set(batch, 'length', -1)],
    ['more than 65535 bytes', EMSGSIZE, 'dropOther', (batch) => set(batch, 'length', 65536)],
    ['more than the MTU', EMSGSIZE, 'dropOther', (batch) => set(batch, 'length', 1501)],
    ['less than a header', EBADMSG, 'dropMalformed', (batch) => set(batch, 'length', 19)],
    ['a length field that says more', EBADMSG, 'dropMalformed', (batch) => set(batch, 'length', 29)],
    ['version 5', EBADMSG, 'dropMalformed', (batch) => batch.packet(0).fill(0x50, 0, 1)],
    ['IPv6 without its header', EBADMSG, 'dropMalformed', (batch) => batch.packet(0).fill(0x60, 0, 1)],
    [
      'a super-packet',
      EOPNOTSUPP,
      'dropUnsupported',
      (batch) => set(batch, 'gsoType', VIRTIO_NET_HDR_GSO_TCPV4),
    ],
    [
      'an unfinished one',
      EOPNOTSUPP,
      'dropUnsupported',
      (batch) => set(batch, 'flags', VIRTIO_NET_HDR_F_NEEDS_CSUM),
    ],
  ])('%s without offload, and goes on with the next', (_, errno, reason, spoil) => {
    const [a, b] = createPair()
    const batch = batchOf(ipv4Packet(new Uint8Array(10)), ipv4Packet(Uint8Array.of(2)))
    spoil(batch)
    expect(write(a.driver, batch)).toBe(2)
    expect(word(batch, 0, 'status')).toBe(errno)
    expect(word(batch, 1, 'status')).toBe(0)
    expect(a.counters[TUN_COUNTER.writeErrors]).toBe(1)
    expect(a.counters[TUN_COUNTER[reason]]).toBe(1)
    expect(read(b.driver, batch)).toBe(1)
    expect(batch.packet(0)[20]).toBe(2)
  })

  test.each<[string, number, keyof typeof TUN_COUNTER, (batch: PacketBatch) => void]>([
    ['no room for the virtio header', EFAULT, 'dropOutside', (batch) => set(batch, 'offset', 9)],
    ['a virtio word that is too wide', EBADMSG, 'dropMalformed', (batch) => set(batch, 'gsoSize', 0x10000)],
    [
      'a checksum behind the end',
      EINVAL,
      'dropMalformed',
      (batch) => {
        set(batch, 'flags', VIRTIO_NET_HDR_F_NEEDS_CSUM)
        set(batch, 'checksumStart', 29)
      },
    ],
  ])('%s with offload', (_, errno, reason, spoil) => {
    const [a] = createPair({ offload: RAW })
    const batch = batchOf(ipv4Packet(new Uint8Array(10)))
    spoil(batch)
    expect(write(a.driver, batch)).toBe(1)
    expect(word(batch, 0, 'status')).toBe(errno)
    expect(a.counters[TUN_COUNTER[reason]]).toBe(1)
  })

  test.each<[string, Partial<Record<keyof typeof DESCRIPTOR, number>>]>([
    ['segments of 0 bytes', { gsoType: VIRTIO_NET_HDR_GSO_TCPV4 }],
    ['the other IP version', { gsoType: VIRTIO_NET_HDR_GSO_TCPV6, gsoSize: 10 }],
    ['UDP to be fragmented', { gsoType: VIRTIO_NET_HDR_GSO_UDP, gsoSize: 8 }],
  ])('a super-packet with %s, and stops there so that its segments can go first', (_, words) => {
    const [a] = createPair({ offload: RAW })
    const batch = batchOf(ipv4Packet(new Uint8Array(10)), ipv4Packet(Uint8Array.of(2)))
    for (const [name, value] of Object.entries(words)) set(batch, name as keyof typeof DESCRIPTOR, value)
    expect(write(a.driver, batch)).toBe(0)
    expect(word(batch, 0, 'status')).toBe(EINVAL)
    expect(a.counters[TUN_COUNTER.writeErrors]).toBe(0)
  })

  test('every packet once the other side is closed', () => {
    const [a, b] = createPair()
    b.driver.close()
    const batch = batchOf(ipv4Packet(new Uint8Array(10)))
    expect(write(a.driver, batch)).toBe(1)
    expect(word(batch, 0, 'status')).toBe(EIO)
    expect(a.counters[TUN_COUNTER.dropDown]).toBe(1)
  })

  test('what cannot be a batch', () => {
    const [a] = createPair({ offload: RAW })
    const { slab, descriptors } = new PacketBatch({ packets: 1 })
    expect(a.driver.writeBatch(slab, descriptors, 0, 2)).toBe(-EINVAL)
    expect(a.driver.readBatch(slab, descriptors.subarray(1), 64, 0)).toBe(-EINVAL)
    expect(a.driver.readBatch(slab, descriptors, 9, 0)).toBe(-EINVAL)
    expect(a.driver.readBatch(slab.subarray(0, 65535), descriptors, 64, 0)).toBe(-EINVAL)
    structuredClone(slab, { transfer: [slab.buffer as ArrayBuffer] })
    expect(a.driver.readBatch(slab, descriptors, 64, 0)).toBe(-EINVAL)
  })

  test('reading and waiting once it is closed', () => {
    const [{ driver, counters }] = createPair()
    driver.close()
    driver.close()
    expect(read(driver, new PacketBatch())).toBe(-EBADF)
    expect(counters[TUN_COUNTER.readErrors]).toBe(1)
    expect(driver.startPolling(1, () => {})).toBe(-EBADF)
  })
})

test('virtio words pass with their packet, and their header lies before it on both sides', () => {
  const [a, b] = createPair({ offload: RAW })
  const batch = batchOf(ipv4Packet(new Uint8Array(2000)))
  batch.descriptors.set(
    [VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 40, 0x0504, 20, 16],
    DESCRIPTOR.flags,
  )
  expect(write(a.driver, batch)).toBe(1)
  const header = [1, 1, 40, 0, 4, 5, 20, 0, 16, 0]
  expect([...batch.slab.subarray(54, 64)]).toEqual(header)
  const got = new PacketBatch()
  expect(read(b.driver, got)).toBe(1)
  expect([...got.descriptors.subarray(0, 10)]).toEqual([64, 2020, 1, 1, 40, 0x0504, 20, 16, 0, 0])
  expect([...got.slab.subarray(54, 64)]).toEqual(header)
  expect([a.counters[TUN_COUNTER.superPacketsOut], b.counters[TUN_COUNTER.superPacketsIn]]).toEqual([1, 1])
})

test('a merge plan is written whole where there is offload, and not at all where there is none', () => {
  const packet = ipv4Packet(new Uint8Array(2000).fill(7))
  const headers = new Uint8Array(30)
  headers.set([1, 1, 40, 0, 100, 0, 20, 0, 16, 0])
  headers.set(packet.subarray(0, 20), 10)
  const outputs = Int32Array.of(0, 30, 0, 99)
  const pieces = Int32Array.of(0, 1500, 1, 1500, 500, -1)
  const slab = packet.slice(20)

  const [a, b] = createPair({ offload: RAW })
  expect(a.driver.writeGathered(slab, headers, outputs, pieces, 0, 1)).toBe(1)
  expect(outputs[3]).toBe(0)
  const got = new PacketBatch()
  read(b.driver, got)
  expect(got.packet(0)).toEqual(packet)
  expect([...got.descriptors.subarray(DESCRIPTOR.flags, DESCRIPTOR.status)]).toEqual([1, 1, 40, 100, 20, 16])
  expect(a.counters[TUN_COUNTER.superPacketsOut]).toBe(1)
  expect(a.driver.writeGathered(slab, headers, outputs, pieces, 0, 2)).toBe(-EINVAL)

  headers[4] = 0
  expect(a.driver.writeGathered(slab, headers, outputs, pieces, 0, 1)).toBe(0)
  expect(outputs[3]).toBe(EINVAL)
  expect(a.counters[TUN_COUNTER.writeErrors]).toBe(0)
  pieces[0] = -1
  expect(a.driver.writeGathered(slab, headers, outputs, pieces, 0, 1)).toBe(1)
  expect(outputs[3]).toBe(EFAULT)
  expect(a.counters[TUN_COUNTER.dropOutside]).toBe(1)

  const [off] = createPair()
  expect(off.driver.writeGathered(slab, headers, outputs, pieces, 0, 1)).toBe(-EOPNOTSUPP)
})

test('a merge plan stops at a full queue', () => {
  const [a, b] = createPair({ offload: RAW, packets: 1 })
  const slab = ipv4Packet(new Uint8Array(10))
  const outputs = Int32Array.of(0, 10, 0, 0, 0, 10, 1, 99)
  const pieces = Int32Array.of(0, 30, -1, 0, 30, -1)
  expect(a.driver.writeGathered(slab, new Uint8Array(10), outputs, pieces, 0, 2)).toBe(1)
  expect(outputs[7]).toBe(0)
  expect(a.counters[TUN_COUNTER.writeAgain]).toBe(1)
  expect(read(b.driver, new PacketBatch())).toBe(1)
})
