//   namespace a
//   kernel 192.0.2.1/24 --- tun device --- this test, answering for 192.0.2.2
import type { Lab } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  openTun,
  PacketBatch,
  packetError,
  TUN_COUNTER,
  type TunDevice,
} from '../src/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

let lab: Lab
let device: TunDevice
const batch = new PacketBatch()

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())
beforeEach(async () => {
  device = await openUp(lab)
  batch.clear()
})
afterEach(() => device.close())

/** Hands the kernel `count` echo requests; it has put as many replies into the queue when this returns. */
function requestEchoes(count: number): void {
  batch.clear()
  for (let sequence = 1; sequence <= count; sequence += 1) batch.append(echoRequest(PEER, HOST, sequence))
  expect(device.queue.writeBatch(batch)).toBe(count)
}

test('a batch holds what the device sends, packed on 64-byte boundaries with the headroom before it', () => {
  requestEchoes(3)
  expect(device.queue.readBatch(batch)).toBe(3)
  expect(batch.count).toBe(3)
  for (const index of [0, 1, 2]) {
    expect(isEchoReply(batch.packet(index), index + 1)).toBe(true)
    const words = batch.descriptors.subarray(index * DESCRIPTOR_WORDS, (index + 1) * DESCRIPTOR_WORDS)
    // 84 bytes and 64 of headroom round up to 192.
    expect([...words]).toEqual([64 + index * 192, 84, 0, 0, 0, 0, 0, 0, 0, 0])
  }
})

test('reading an idle device gives 0, empties the batch and counts EAGAIN', () => {
  batch.append(echoRequest(PEER, HOST))
  expect(device.queue.readBatch(batch)).toBe(0)
  expect(batch.count).toBe(0)
  expect(device.queue.counters[TUN_COUNTER.readAgain]).toBe(1)
})

test('one read takes no more than the capacity, and the next takes the rest in order', () => {
  const small = new PacketBatch({ packets: 4 })
  requestEchoes(10)
  const sizes: number[] = []
  const sequences: number[] = []
  while (device.queue.readBatch(small) > 0) {
    sizes.push(small.count)
    for (let i = 0; i < small.count; i += 1) sequences.push(small.packet(i)[27]!)
  }
  expect(sizes).toEqual([4, 4, 2])
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('a read stops where a packet of maximum size might not fit any more, and loses nothing', () => {
  const narrow = new PacketBatch({ slabBytes: 64 + 65535 + 300 })
  requestEchoes(5)
  const sizes: number[] = []
  while (device.queue.readBatch(narrow) > 0) sizes.push(narrow.count)
  expect(sizes).toEqual([2, 2, 1])
})

test('a packet appended behind a batch that was read leaves it intact', () => {
  requestEchoes(2)
  device.queue.readBatch(batch)
  expect(batch.append(echoRequest(PEER, HOST, 7))).toBe(2)
  expect(isEchoReply(batch.packet(0), 1) && isEchoReply(batch.packet(1), 2)).toBe(true)
})

test('ping is answered by rewriting the request in place', async () => {
  const stop = device.queue.onReadable(() => {
    device.queue.readBatch(batch)
    for (let i = 0; i < batch.count; i += 1) {
      const packet = batch.packet(i)
      const source = packet.slice(12, 16)
      packet.copyWithin(12, 16, 20)
      packet.set(source, 16)
      packet[20] = 0
      const sum = (packet[22]! << 8) + packet[23]! + 0x0800
      batch.view.setUint16(packet.byteOffset + 22, (sum & 0xffff) + (sum >> 16))
    }
    expect(device.queue.writeBatch(batch)).toBe(batch.count)
  })
  const { stdout } = await lab.exec('a', 'ping', ['-c', '3', '-i', '0.05', '-W', '5', PEER])
  stop()
  expect(stdout).toMatch(/ 3 received/)
})

test('a slab in shared memory works like any other', () => {
  const shared = new PacketBatch({ shared: true })
  expect(shared.slab.buffer).toBeInstanceOf(SharedArrayBuffer)
  requestEchoes(2)
  expect(device.queue.readBatch(shared)).toBe(2)
  expect(isEchoReply(shared.packet(1), 2)).toBe(true)
})

test('a slab that was transferred away is refused', () => {
  const gone = new PacketBatch()
  structuredClone(gone.slab.buffer, { transfer: [gone.slab.buffer as ArrayBuffer] })
  requestEchoes(1)
  expect(() => device.queue.readBatch(gone)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
})

test('and so it is by a queue that splits, which would never be done filling it', async () => {
  await using split = await openTun({ netns: lab.path('a'), offload: 'split' })
  const gone = new PacketBatch()
  structuredClone(gone.slab.buffer, { transfer: [gone.slab.buffer as ArrayBuffer] })
  expect(() => split.queue.readBatch(gone)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
})

test('what is no batch is refused with a code', () => {
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' })
  for (const wrong of [undefined, null, {}, new Uint8Array(9)]) {
    expect(() => device.queue.readBatch(wrong as unknown as PacketBatch)).toThrow(refused)
    expect(() => device.queue.writeBatch(wrong as unknown as PacketBatch)).toThrow(refused)
  }
})

test('writing skips packets of length 0 and starts where it is told', () => {
  for (let sequence = 0; sequence < 4; sequence += 1) batch.append(echoRequest(PEER, HOST, sequence))
  batch.descriptors[2 * DESCRIPTOR_WORDS + DESCRIPTOR.length] = 0
  expect(device.queue.writeBatch(batch, 1)).toBe(4)
  expect(device.queue.counters[TUN_COUNTER.packetsOut]).toBe(2)
  expect(device.queue.readBatch(batch)).toBe(2)
  expect(isEchoReply(batch.packet(0), 1) && isEchoReply(batch.packet(1), 3)).toBe(true)
})

test('a refused packet carries its errno and the others go on', () => {
  for (let sequence = 0; sequence < 3; sequence += 1) batch.append(echoRequest(PEER, HOST, sequence))
  // Neither IPv4 nor IPv6.
  batch.packet(1)[0] = 0xf5
  batch.descriptors[2 * DESCRIPTOR_WORDS + DESCRIPTOR.status] = 99
  batch.descriptors[2 * DESCRIPTOR_WORDS + DESCRIPTOR.user] = 42
  expect(device.queue.writeBatch(batch)).toBe(3)
  const statusOf = (index: number) => batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status]
  expect([statusOf(0), statusOf(1), statusOf(2)]).toEqual([0, 74, 0])
  expect(batch.descriptors[2 * DESCRIPTOR_WORDS + DESCRIPTOR.user]).toBe(42)
  expect(device.queue.counters[TUN_COUNTER.writeErrors]).toBe(1)
  expect(device.queue.counters[TUN_COUNTER.packetsOut]).toBe(2)
})

test('a packet larger than the MTU is taken as a network card would, and answered by the rules of IP', () => {
  batch.append(echoRequest(PEER, HOST, 1, 3000))
  expect(device.queue.writeBatch(batch)).toBe(1)
  expect(packetError(batch, 0)).toBeUndefined()
  // The reply is cut into fragments of the MTU.
  expect(device.queue.readBatch(batch)).toBe(3)
  for (let i = 0; i < 3; i += 1) expect(batch.packet(i).length).toBeLessThanOrEqual(1500)
})

test('counters tell packets, bytes and batches without a call', () => {
  requestEchoes(5)
  device.queue.readBatch(batch)
  const { counters } = device.queue
  expect(counters[TUN_COUNTER.packetsOut]).toBe(5)
  expect(counters[TUN_COUNTER.bytesOut]).toBe(5 * 84)
  expect(counters[TUN_COUNTER.batchesOut]).toBe(1)
  expect(counters[TUN_COUNTER.packetsIn]).toBe(5)
  expect(counters[TUN_COUNTER.bytesIn]).toBe(5 * 84)
  expect(counters[TUN_COUNTER.batchesIn]).toBe(1)
  expect(counters[TUN_COUNTER.superPacketsIn]).toBe(0)
})

test('a device that is down refuses each packet with EIO', async () => {
  await lab.ip('a', 'link', 'set', 'dev', device.name, 'down')
  batch.append(echoRequest(PEER, HOST))
  expect(device.queue.writeBatch(batch)).toBe(1)
  expect(batch.descriptors[DESCRIPTOR.status]).toBe(5)
})

test('a batch with a wrong count is refused before anything is written', () => {
  const wrong = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  batch.count = batch.capacity + 1
  expect(() => device.queue.writeBatch(batch)).toThrow(wrong)
  batch.count = 1
  expect(() => device.queue.writeBatch(batch, 2)).toThrow(wrong)
  expect(() => device.queue.writeBatch(batch, -1)).toThrow(wrong)
})
