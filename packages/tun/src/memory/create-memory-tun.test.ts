//   memory0  ===  memory1
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { appendSuper, buildPacket, bytesOf, segmentsOf } from '../offload/testing/build-packet.js'
import { TUN_COUNTER } from '../queue/tun-counter.js'
import type { TunQueue } from '../queue/tun-queue.js'
import { createMemoryTun, type MemoryTunOptions } from './index.js'
import { ipv4Packet } from './testing/ipv4-packet.js'

const open: AsyncDisposable[] = []
afterEach(async () => {
  vi.unstubAllGlobals()
  for (const device of open.splice(0)) await device[Symbol.asyncDispose]()
})

function createPair(options: MemoryTunOptions = {}) {
  const pair = createMemoryTun(options)
  open.push(...pair)
  return pair
}

function batchOf(count: number, payloadBytes = 10): PacketBatch {
  const batch = new PacketBatch({ packets: count })
  for (let i = 0; i < count; i += 1) batch.append(ipv4Packet(new Uint8Array(payloadBytes).fill(i)))
  return batch
}

function readAll(queue: TunQueue): Uint8Array[] {
  const batch = new PacketBatch()
  const packets: Uint8Array[] = []
  while (queue.readBatch(batch) > 0) {
    for (let i = 0; i < batch.count; i += 1) packets.push(batch.packet(i).slice())
  }
  return packets
}

test('a device has a name, no index, an offload state and a queue', () => {
  const [a, b] = createPair()
  expect([a.name, b.name, a.index, a.queue.name, a.queue.fd]).toEqual([
    'memory0',
    'memory1',
    0,
    'memory0',
    -1,
  ])
  expect(a.offload).toEqual({ mode: 'off', tcp: 'off', udp: 'off' })
})

test('it works on every platform', () => {
  vi.stubGlobal('process', Object.create(process, { platform: { value: 'win32' } }))
  const [a, b] = createPair()
  const packet = ipv4Packet(Uint8Array.of(7))
  expect(a.queue.tryWrite(packet)).toBe(true)
  expect(b.queue.tryRead()).toEqual(packet)
})

test('readiness is told in a later turn, again while something is left, and no more when it is read', async () => {
  const [a, b] = createPair()
  let calls = 0
  const stop = b.queue.onReadable(() => {
    calls += 1
    if (calls === 3) readAll(b.queue)
  })
  a.queue.writeBatch(batchOf(2))
  expect(calls).toBe(0)
  for (let turn = 0; turn < 6; turn += 1) await nextTurn()
  expect(calls).toBe(3)
  a.queue.writeBatch(batchOf(1))
  await b.queue.readable()
  expect(calls).toBe(4)
  stop()
})

test('a full queue holds a writer back until its reader has read, and no packet is lost or overtaken', async () => {
  const [a, b] = createPair({ queuePackets: 7 })
  const batch = batchOf(100)
  const got: number[] = []
  const small = new PacketBatch({ packets: 3 })
  const stop = b.queue.onReadable(() => {
    b.queue.readBatch(small)
    for (let i = 0; i < small.count; i += 1) got.push(small.packet(i)[20]!)
  })
  let waits = 0
  for (let next = a.queue.writeBatch(batch); next < batch.count; next = a.queue.writeBatch(batch, next)) {
    expect(a.queue.counters[TUN_COUNTER.writeAgain]).toBe(waits + 1)
    waits += 1
    await a.queue.writable()
  }
  while (got.length < 100) await b.queue.readable()
  stop()
  expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i))
  expect(waits).toBeGreaterThan(5)
})

test('500 packets of the MTU wait in each direction by default', () => {
  const [a, b] = createPair()
  const batch = batchOf(501, 1480)
  expect(a.queue.writeBatch(batch)).toBe(500)
  expect(b.queue.writeBatch(batch)).toBe(500)
  expect(readAll(b.queue)).toHaveLength(500)
  expect(a.queue.writeBatch(batch, 500)).toBe(501)
})

test('the faces of a queue work', async () => {
  const [a, b] = createPair()
  const sent = [1, 2, 3].map((i) => ipv4Packet(Uint8Array.of(i)))
  const writer = a.queue.toWeb().writable.getWriter()
  const got: Uint8Array[] = []
  const reading = (async () => {
    for await (const packet of b.queue.packets()) {
      got.push(packet)
      if (got.length === 3) await b.close()
    }
  })()
  for (const packet of sent) await writer.write(packet)
  await reading
  expect(got).toEqual(sent)
})

test('what the addon has and memory has not says so', () => {
  const [a] = createPair()
  const unsupported = expect.objectContaining({ code: 'ERR_TUN_UNSUPPORTED' })
  expect(() => a.queue.transfer()).toThrow(unsupported)
  expect(() => a.queue.detach()).toThrow(unsupported)
})

describe('closing', () => {
  test('wakes whoever waits on this side', async () => {
    const [a] = createPair({ queuePackets: 1 })
    a.queue.writeBatch(batchOf(1))
    const waits = [a.queue.readable(), a.queue.writable()]
    await a.close()
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
    await a.close()
    expect(() => a.queue.tryRead()).toThrow(expect.objectContaining({ code: 'ERR_TUN_CLOSED' }))
  })

  test('lets a writer on the other side hear that its packets are refused', async () => {
    const [a, b] = createPair({ queuePackets: 1 })
    const batch = batchOf(2)
    expect(a.queue.writeBatch(batch)).toBe(1)
    const writable = a.queue.writable()
    await b.close()
    await writable
    expect(a.queue.writeBatch(batch, 1)).toBe(2)
    expect(batch.descriptors[DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(5)
    expect(a.queue.counters[TUN_COUNTER.dropDown]).toBe(1)
  })

  test('leaves what was written to be read', async () => {
    const [a, b] = createPair()
    a.queue.writeBatch(batchOf(3))
    await a.close()
    await b.queue.readable()
    expect(readAll(b.queue)).toHaveLength(3)
  })
})

describe('offload', () => {
  const shape = record({
    version: constantFrom(4 as const, 6 as const),
    protocol: constantFrom('tcp' as const, 'udp' as const),
    length: integer({ min: 1, max: 20_000 }),
    gsoSize: integer({ min: 500, max: 1400 }),
  })

  test('a super-packet and its virtio words pass from raw to raw as they are', () => {
    const [a, b] = createPair({ offload: 'raw' })
    expect(a.offload).toEqual({ mode: 'raw', tcp: 'on', udp: 'on' })
    const batch = new PacketBatch()
    appendSuper(batch, { payload: bytesOf(20_000) }, 1400)
    a.queue.writeBatch(batch)
    const got = new PacketBatch()
    expect(b.queue.readBatch(got)).toBe(1)
    expect(got.packet(0)).toEqual(batch.packet(0))
    expect(got.descriptors.subarray(0, DESCRIPTOR_WORDS)).toEqual(
      batch.descriptors.subarray(0, DESCRIPTOR_WORDS),
    )
  })

  test('a side without offload reads the segments, with complete checksums, however small its batches', async () => {
    await assert(
      asyncProperty(
        shape,
        integer({ min: 1, max: 50 }),
        async ({ version, protocol, length, gsoSize }, packets) => {
          const [a, b] = createMemoryTun({ offload: ['raw', 'off'] })
          const fields = { version, protocol, payload: bytesOf(length) }
          const batch = new PacketBatch()
          appendSuper(batch, fields, gsoSize)
          batch.append(ipv4Packet(Uint8Array.of(9)))
          expect(a.queue.writeBatch(batch)).toBe(2)
          const got: Uint8Array[] = []
          const small = new PacketBatch({ packets })
          for (;;) {
            await b.queue.readable()
            if (got.length > 0 && got.at(-1)!.length === 21) break
            b.queue.readBatch(small)
            for (let i = 0; i < small.count; i += 1) got.push(small.packet(i).slice())
            if (got.at(-1)!.length === 21) break
          }
          expect(got).toEqual([...segmentsOf(fields, gsoSize), ipv4Packet(Uint8Array.of(9))])
          expect(b.queue.readBatch(small)).toBe(0)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('an unfinished packet is finished for a side without offload', () => {
    const [a, b] = createPair({ offload: ['raw', 'off'] })
    const batch = new PacketBatch()
    const payload = bytesOf(100)
    batch.append(buildPacket({ payload }, true))
    batch.descriptors.set([1, 0, 40, 0, 20, 16], DESCRIPTOR.flags)
    a.queue.writeBatch(batch)
    const got = new PacketBatch()
    b.queue.readBatch(got)
    expect(got.packet(0)).toEqual(buildPacket({ payload }))
    expect(got.descriptors[DESCRIPTOR.flags]).toBe(0)
  })

  test('a side that takes super-packets of TCP only gets those of UDP as segments', () => {
    const [a, b] = createPair({ offload: ['raw', { mode: 'raw', udp: false }] })
    const batch = new PacketBatch()
    appendSuper(batch, { protocol: 'udp', payload: bytesOf(3000) }, 1000)
    appendSuper(batch, { payload: bytesOf(3000) }, 1000)
    a.queue.writeBatch(batch)
    expect(readAll(b.queue).map(({ length }) => length)).toEqual([1028, 1028, 1028, 3040])
  })

  test('segments of split sides travel merged, and are read as they were written', () => {
    const [a, b] = createPair({ offload: 'split' })
    const segments = segmentsOf({ payload: bytesOf(14_000) }, 1400)
    const batch = new PacketBatch()
    for (const segment of segments) batch.append(segment)
    expect(a.queue.writeBatch(batch)).toBe(10)
    expect(a.queue.counters[TUN_COUNTER.packetsOut]).toBe(1)
    expect(readAll(b.queue)).toEqual(segments)
    expect(b.queue.counters[TUN_COUNTER.superPacketsIn]).toBe(1)
  })

  test('a super-packet that cannot be cut is counted where it would have been read', () => {
    const [a, b] = createPair({ offload: ['raw', 'off'] })
    const batch = new PacketBatch()
    appendSuper(batch, { payload: bytesOf(3000) }, 1000)
    batch.packet(0)[9] = 1
    batch.append(ipv4Packet(Uint8Array.of(9)))
    expect(a.queue.writeBatch(batch)).toBe(2)
    expect(readAll(b.queue)).toEqual([ipv4Packet(Uint8Array.of(9))])
    expect(b.queue.counters[TUN_COUNTER.dropMalformedIn]).toBe(1)
  })

  test('a writer hears of the room that such a packet leaves', async () => {
    const [a, b] = createPair({ offload: ['raw', 'off'], queuePackets: 1 })
    const batch = new PacketBatch()
    appendSuper(batch, { payload: bytesOf(3000) }, 1000)
    batch.packet(0)[9] = 1
    a.queue.writeBatch(batch)
    const writable = a.queue.writable()
    expect(readAll(b.queue)).toEqual([])
    await writable
  })
})

test.each([
  { mtu: 67 },
  { mtu: 65536 },
  { queuePackets: 0 },
  { queuePackets: 65537 },
  { offload: 'fast' },
  { offload: ['raw'] },
])('%o is refused', (options) => {
  const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  expect(() => createMemoryTun(options as MemoryTunOptions)).toThrow(value)
})
