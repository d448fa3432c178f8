import { array, assert, boolean, constantFrom, integer, oneof, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { MALFORMED, segmentCount, splitPacket } from './index.js'
import { appendSuper, buildPacket, bytesOf, type PacketFields, segmentsOf } from './testing/build-packet.js'

const TIMESTAMPS = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]
const FIN = 0x01
const PSH = 0x08
const ACK = 0x10
const CWR = 0x80

function packetsOf(batch: PacketBatch): number[][] {
  return Array.from({ length: batch.count }, (_, index) => [...batch.packet(index)])
}

function split(source: PacketBatch, index = 0, packets = 1000): PacketBatch {
  const target = new PacketBatch({ packets, slabBytes: 1 << 21 })
  expect(splitPacket(source, index, 0, target)).toBe(segmentCount(source, index))
  return target
}

function word(batch: PacketBatch, name: keyof typeof DESCRIPTOR, value: number): void {
  batch.descriptors[DESCRIPTOR[name]] = value
}

const fields = record({
  version: constantFrom(4 as const, 6 as const),
  protocol: constantFrom('tcp' as const, 'udp' as const),
  identification: integer({ min: 0, max: 0xffff }),
  sequence: oneof(integer({ min: 0xffff_0000, max: 0xffff_ffff }), integer({ min: 0, max: 0x7fff_ffff })),
  flags: constantFrom(ACK, ACK | PSH, ACK | FIN, ACK | FIN | PSH, ACK | CWR, ACK | CWR | PSH),
  options: constantFrom([], TIMESTAMPS),
  dontFragment: boolean(),
  ttl: integer({ min: 1, max: 255 }),
  tos: integer({ min: 0, max: 255 }),
  payload: tuple(integer({ min: 1, max: 6000 }), integer()).map(([length, seed]) => bytesOf(length, seed)),
})

test('a super-packet becomes the packets that would have been sent one by one', () => {
  assert(
    property(fields, integer({ min: 1, max: 3000 }), boolean(), (packet, size, isPartial) => {
      const gsoSize = Math.max(size, Math.ceil(packet.payload.length / 200))
      const source = new PacketBatch()
      appendSuper(source, packet, gsoSize)
      if (!isPartial) word(source, 'flags', 0)
      const target = split(source)
      expect(packetsOf(target)).toEqual(segmentsOf(packet, gsoSize).map((segment) => [...segment]))
      for (let i = 0; i < target.count; i += 1) {
        const words = i * DESCRIPTOR_WORDS
        expect([...target.descriptors.subarray(words + DESCRIPTOR.flags, words + DESCRIPTOR_WORDS)]).toEqual(
          Array(8).fill(0),
        )
      }
    }),
    { seed: 1, numRuns: 150 },
  )
})

test('a full target is gone on with in the next call, and nothing is lost', () => {
  const packet = { payload: bytesOf(10_000), options: TIMESTAMPS, identification: 0xfffe }
  const source = new PacketBatch()
  appendSuper(source, packet, 1000)
  const target = new PacketBatch({ packets: 3 })
  const packets: number[][] = []
  const counts: number[] = []
  for (let segment = 0; segment < 10; ) {
    target.clear()
    const count = splitPacket(source, 0, segment, target)
    counts.push(count)
    packets.push(...packetsOf(target))
    segment += count
  }
  expect(counts).toEqual([3, 3, 3, 1])
  expect(packets).toEqual(segmentsOf(packet, 1000).map((segment) => [...segment]))
  expect(splitPacket(source, 0, 10, target)).toBe(0)
})

test('a target whose slab is full takes what fits', () => {
  const source = new PacketBatch()
  appendSuper(source, { payload: bytesOf(40_000) }, 20_000)
  const target = new PacketBatch({ slabBytes: 64 + 65535 })
  target.append(new Uint8Array(40_000))
  expect(splitPacket(source, 0, 0, target)).toBe(1)
  expect(splitPacket(source, 0, 1, target)).toBe(0)
})

test('a super-packet not larger than a segment stays one packet and gets its checksum', () => {
  const packet = { payload: bytesOf(700), flags: ACK | PSH | CWR, identification: 9 }
  for (const gsoSize of [700, 701, 65535]) {
    const source = new PacketBatch()
    appendSuper(source, packet, gsoSize)
    expect(packetsOf(split(source))).toEqual([[...buildPacket(packet)]])
  }
})

test('headerLength is not believed', () => {
  const packet = { payload: bytesOf(3000) }
  for (const headerLength of [0, 1, 1040, 65535, -1]) {
    const source = new PacketBatch()
    appendSuper(source, packet, 1000)
    word(source, 'headerLength', headerLength)
    expect(packetsOf(split(source))).toEqual(segmentsOf(packet, 1000).map((segment) => [...segment]))
  }
})

test('IPv4 options and IPv6 extension headers are on each segment', () => {
  const hopByHop = { next: 0, bytes: [60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0] }
  const routerAlert = { next: 0, bytes: [148, 4, 0, 0] }
  for (const packet of [
    { version: 6, between: hopByHop, payload: bytesOf(2500) },
    { version: 4, between: routerAlert, payload: bytesOf(2500) },
  ] satisfies PacketFields[]) {
    const source = new PacketBatch()
    appendSuper(source, packet, 1000)
    expect(packetsOf(split(source))).toEqual(segmentsOf(packet, 1000).map((segment) => [...segment]))
  }
})

test('a UDP checksum that comes out as 0 is sent as 0xffff', () => {
  const payload = Uint8Array.of(0, 0, 1, 2)
  const plain = buildPacket({ protocol: 'udp', payload })
  payload.set(plain.subarray(26, 28))
  const source = new PacketBatch()
  appendSuper(source, { protocol: 'udp', payload }, 4)
  expect(split(source).view.getUint16(64 + 26)).toBe(0xffff)
})

test('an ordinary packet is copied as it is, whatever it holds', () => {
  for (const length of [1, 2, 3, 39, 1500, 65535]) {
    const source = new PacketBatch()
    source.append(bytesOf(length))
    expect(segmentCount(source, 0)).toBe(1)
    expect(packetsOf(split(source))).toEqual([[...bytesOf(length)]])
  }
})

test('an unfinished checksum of an ordinary packet is finished, wherever in the slab it lies', () => {
  for (const packet of [
    { payload: bytesOf(1448), options: TIMESTAMPS },
    { protocol: 'udp', version: 6, payload: bytesOf(333) },
  ] satisfies PacketFields[]) {
    for (const shift of [0, 1, 2, 3]) {
      const source = new PacketBatch()
      const index = appendSuper(source, packet, 1)
      word(source, 'gsoType', 0)
      source.slab.copyWithin(64 + shift, 64, 64 + source.packet(index).length)
      word(source, 'offset', 64 + shift)
      expect(packetsOf(split(source))).toEqual([[...buildPacket(packet)]])
    }
  }
})

test('a packet of length 0 becomes none', () => {
  const source = new PacketBatch()
  appendSuper(source, { payload: bytesOf(3000) }, 1000)
  word(source, 'length', 0)
  expect(segmentCount(source, 0)).toBe(0)
  expect(split(source).count).toBe(0)
})

type Spoil = (batch: PacketBatch) => void

describe('is not cut, and says why:', () => {
  const payload = bytesOf(3000)
  const change =
    (offset: number, ...bytes: number[]) =>
    (batch: PacketBatch) =>
      batch.packet(0).set(bytes, offset)
  const set = (name: keyof typeof DESCRIPTOR, value: number) => (batch: PacketBatch) =>
    word(batch, name, value)
  const both = (first: Spoil, second: Spoil) => (batch: PacketBatch) => {
    first(batch)
    second(batch)
  }
  const v6 = { version: 6 } as const
  const udp = { protocol: 'udp' } as const
  const fragmentHeader = { next: 44, bytes: [6, 0, 0, 1, 0, 0, 0, 9] }

  test.each<[string, Partial<PacketFields>, Spoil, keyof typeof MALFORMED]>([
    ['an offset below the slab', {}, set('offset', -1), 'outside'],
    ['an offset behind the slab', {}, set('offset', 1 << 20), 'outside'],
    ['a length that leaves the slab', {}, set('offset', (1 << 20) - 3039), 'outside'],
    ['a length below 0', {}, set('length', -1), 'outside'],
    ['a length that no packet has', {}, set('length', 65536), 'outside'],
    ['a packet that is not in the batch', {}, (batch) => batch.clear(), 'outside'],
    ['a gsoSize of 0', {}, set('gsoSize', 0), 'gsoSize'],
    ['a gsoSize below 0', {}, set('gsoSize', -1448), 'gsoSize'],
    ['a gsoSize wider than its field', {}, set('gsoSize', 65536), 'gsoSize'],
    ['UDP to be fragmented', udp, set('gsoType', 3), 'gsoType'],
    ['an unknown segment type', {}, set('gsoType', 2), 'gsoType'],
    ['a segment type with unknown bits', {}, set('gsoType', 0x21), 'gsoType'],
    ['UDP with the bit for CWR', udp, set('gsoType', 0x85), 'gsoType'],
    ['IPv6 as TCP over IPv4', v6, set('gsoType', 1), 'protocol'],
    ['IPv4 as TCP over IPv6', {}, set('gsoType', 4), 'protocol'],
    ['UDP as TCP', udp, set('gsoType', 1), 'protocol'],
    ['TCP as UDP', {}, set('gsoType', 5), 'protocol'],
    ['ICMP', {}, change(9, 1), 'protocol'],
    ['neither IPv4 nor IPv6', udp, change(0, 0x55), 'length'],
    ['fewer bytes than an IP header', {}, set('length', 19), 'length'],
    ['an IP header longer than the packet', {}, set('length', 39), 'length'],
    ['an IPv4 header length below the least', {}, change(0, 0x44), 'length'],
    ['an IPv4 length above the packet', {}, change(2, 0xff, 0xff), 'length'],
    ['an IPv4 length below the packet', {}, change(2, 0x01, 0x00), 'length'],
    ['an IPv6 length above the packet', v6, change(4, 0xff, 0xff), 'length'],
    ['an IPv6 length below the packet', v6, change(4, 0x01, 0x00), 'length'],
    ['a TCP header below the least', {}, change(32, 0x40), 'length'],
    ['a TCP header longer than the packet', { payload: bytesOf(20) }, change(32, 0xf0), 'length'],
    ['a UDP length below the packet', udp, change(24, 0x01, 0x00), 'length'],
    [
      'an extension header that leaves the packet',
      { ...v6, between: { next: 0, bytes: [6, 255, 1, 4, 0, 0, 0, 0] }, payload: bytesOf(100) },
      () => {},
      'length',
    ],
    ['a first fragment of IPv4', {}, change(6, 0x20, 0), 'fragment'],
    ['a later fragment of IPv4', {}, change(6, 0, 1), 'fragment'],
    ['a fragment of IPv6', { ...v6, between: fragmentHeader }, () => {}, 'fragment'],
    ['a checksum that begins elsewhere', {}, set('checksumStart', 24), 'checksum'],
    ['a checksum in another place', {}, set('checksumOffset', 6), 'checksum'],
    [
      'an ordinary packet whose checksum begins below it',
      {},
      both(set('gsoType', 0), set('checksumStart', -1)),
      'checksum',
    ],
    [
      'an ordinary packet whose checksum is behind it',
      {},
      both(set('gsoType', 0), set('checksumOffset', 3019)),
      'checksum',
    ],
  ])('%s', (_, packet, spoil, reason) => {
    const source = new PacketBatch()
    appendSuper(source, { payload, ...packet }, 1000)
    spoil(source)
    const target = new PacketBatch()
    expect(segmentCount(source, 0)).toBe(MALFORMED[reason])
    expect(splitPacket(source, 0, 0, target)).toBe(MALFORMED[reason])
    expect(target.count).toBe(0)
  })
})

test('no descriptor and no bytes make it throw, change the source, or write outside the packet it appended', () => {
  const slabBytes = 1 << 17
  const edges = constantFrom(
    0,
    1,
    -1,
    20,
    40,
    63,
    64,
    1000,
    65535,
    65536,
    slabBytes - 1,
    slabBytes,
    0x7fffffff,
    -0x80000000,
  )
  const spoiled = array(
    tuple(integer({ min: 1, max: 9 }), oneof(edges, integer({ min: 0, max: slabBytes }), integer())),
    { maxLength: 3 },
  )
  const flips = array(tuple(integer({ min: 0, max: 80 }), integer({ min: 0, max: 255 })), { maxLength: 4 })
  assert(
    property(
      fields,
      integer({ min: 1, max: 3000 }),
      spoiled,
      flips,
      integer({ min: 0, max: 70 }),
      (packet, gsoSize, words, bytes, first) => {
        const source = new PacketBatch({ slabBytes })
        appendSuper(source, packet, gsoSize)
        for (const [at, byte] of bytes) source.slab[64 + at] = byte
        for (const [at, value] of words) source.descriptors[at === 9 ? DESCRIPTOR.offset : at] = value
        const before = source.slab.slice()
        const target = new PacketBatch({ packets: 64, slabBytes })
        target.slab.fill(0xa5)
        const count = segmentCount(source, 0)
        const appended = splitPacket(source, 0, first, target)
        expect(appended).toBe(count < 0 ? count : Math.min(Math.max(count - first, 0), target.count))
        expect(Math.max(appended, 0)).toBe(target.count)
        expect(Buffer.compare(source.slab, before)).toBe(0)
        for (let i = 0; i < target.count; i += 1) target.packet(i).fill(0xa5)
        expect(target.slab.every((byte) => byte === 0xa5)).toBe(true)
      },
    ),
    { seed: 2, numRuns: 400 },
  )
})
