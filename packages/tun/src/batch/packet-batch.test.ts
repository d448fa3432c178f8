import { array, assert, integer, property, record, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS, PacketBatch } from '../index.js'

const MAX_PACKET = 65535

test('packets lie one after another on 64-byte boundaries, headroom before and tailroom behind', () => {
  assert(
    property(
      record({
        headroom: integer({ min: 10, max: 300 }),
        tailroom: integer({ min: 0, max: 300 }),
        packets: array(uint8Array({ minLength: 1, maxLength: 2000 }), { minLength: 1, maxLength: 60 }),
      }),
      ({ headroom, tailroom, packets }) => {
        const batch = new PacketBatch({ headroom, tailroom, packets: 40, slabBytes: 100_000 })
        let free = 0
        let appended = 0
        for (const packet of packets) {
          const index = batch.append(packet)
          if (index === -1) {
            const start = Math.ceil((free + headroom) / 64) * 64
            expect(appended === 40 || start + packet.length + tailroom > 100_000).toBe(true)
            continue
          }
          expect(index).toBe(appended)
          const words = batch.descriptors.subarray(index * DESCRIPTOR_WORDS, (index + 1) * DESCRIPTOR_WORDS)
          const offset = words[DESCRIPTOR.offset]!
          expect(offset % 64).toBe(0)
          expect(offset - headroom).toBeGreaterThanOrEqual(free)
          expect(offset - headroom - free).toBeLessThan(64)
          expect([...words]).toEqual([offset, packet.length, 0, 0, 0, 0, 0, 0, 0, 0])
          free = offset + packet.length + tailroom
          expect(free).toBeLessThanOrEqual(100_000)
          appended += 1
        }
        expect(batch.count).toBe(appended)
      },
    ),
  )
})

test('what was appended is there unchanged when the batch is full', () => {
  assert(
    property(array(uint8Array({ minLength: 1, maxLength: 500 }), { maxLength: 100 }), (packets) => {
      const batch = new PacketBatch({ slabBytes: 80_000, packets: 64 })
      const kept = packets.filter((packet) => batch.append(packet) >= 0)
      expect(kept.map((_, index) => [...batch.packet(index)])).toEqual(kept.map((packet) => [...packet]))
    }),
  )
})

test('appending again after clear() or count = 0 starts at the beginning', () => {
  const batch = new PacketBatch()
  for (const empty of [() => batch.clear(), () => (batch.count = 0)]) {
    batch.append(new Uint8Array(1000))
    batch.append(new Uint8Array(1000))
    empty()
    expect(batch.append(Uint8Array.of(1))).toBe(0)
    expect(batch.descriptors[DESCRIPTOR.offset]).toBe(64)
  }
})

test('a descriptor is blank when its packet is appended, whatever it held', () => {
  const batch = new PacketBatch()
  batch.descriptors.fill(7)
  batch.append(Uint8Array.of(1))
  expect([...batch.descriptors.subarray(0, DESCRIPTOR_WORDS)]).toEqual([64, 1, 0, 0, 0, 0, 0, 0, 0, 0])
})

test('a packet is a view: writing to it writes to the slab', () => {
  const batch = new PacketBatch()
  batch.append(Uint8Array.of(1, 2, 3))
  batch.packet(0)[1] = 9
  expect(batch.view.getUint8(batch.descriptors[DESCRIPTOR.offset]! + 1)).toBe(9)
})

test('the default slab holds super-packets, or 256 packets of an ordinary MTU and one more super-packet', () => {
  const bulk = new PacketBatch()
  let supers = 0
  while (bulk.append(new Uint8Array(MAX_PACKET)) >= 0) supers += 1
  expect(supers).toBe(15)
  const small = new PacketBatch({ packets: 257 })
  for (let i = 0; i < 256; i += 1) expect(small.append(new Uint8Array(1500))).toBe(i)
  expect(small.append(new Uint8Array(MAX_PACKET))).toBe(256)
})

test('a shared batch puts slab and descriptors into shared memory', () => {
  const { slab, descriptors, view } = new PacketBatch({ shared: true })
  expect(slab.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(descriptors.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(view.buffer).toBe(slab.buffer)
})

describe('is refused', () => {
  const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' })

  test.each([
    { slabBytes: 64 + MAX_PACKET - 1 },
    { slabBytes: 64 + MAX_PACKET, tailroom: 1 },
    { slabBytes: 2 ** 31 },
    { slabBytes: 100_000.5 },
    { packets: 0 },
    { packets: 65537 },
    { headroom: 9 },
    { headroom: -1 },
    { tailroom: -1 },
  ])('a batch with %o', (options) => {
    expect(() => new PacketBatch(options)).toThrow(value)
  })

  test('a batch with options of the wrong type', () => {
    expect(() => new PacketBatch({ packets: '1' as unknown as number })).toThrow(type)
    expect(() => new PacketBatch({ shared: 1 as unknown as boolean })).toThrow(type)
  })

  test('an empty packet, one that is too large, and one that is none', () => {
    const batch = new PacketBatch()
    expect(() => batch.append(new Uint8Array(0))).toThrow(value)
    expect(() => batch.append(new Uint8Array(MAX_PACKET + 1))).toThrow(value)
    expect(() => batch.append('packet' as unknown as Uint8Array)).toThrow(type)
  })

  test('a packet that is not in the batch', () => {
    const batch = new PacketBatch()
    expect(() => batch.packet(0)).toThrow(value)
    batch.append(Uint8Array.of(1))
    expect(() => batch.packet(1)).toThrow(value)
    expect(() => batch.packet(-1)).toThrow(value)
  })
})
