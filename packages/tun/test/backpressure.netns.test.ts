//   namespace a
//   this test --- tun `near`, ingress redirected to --- tun `far` (8 kbit/s until the test opens it) --- this test
// The send buffer of near's descriptor is made small, so what waits at far fills it.
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  forwardBatches,
  PacketBatch,
  TUN_COUNTER,
  type TunDevice,
} from '../src/index.js'
import { createMemoryTun } from '../src/memory/index.js'
import { echoRequest } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

const PACKETS = 64
const BYTES = 1000

let lab: Lab
let near: TunDevice
let far: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
  near = await openUp(lab, { name: 'near', sendBufferBytes: 20_000 })
  far = await openUp(lab, { name: 'far' })
  await tc(`qdisc add dev near clsact`)
  await tc(`filter add dev near ingress protocol ip u32 match u32 0 0 action mirred egress redirect dev far`)
})
afterAll(async () => {
  await Promise.all([near?.close(), far?.close()])
  await lab?.close()
})
beforeEach(() => tc('qdisc replace dev far root tbf rate 8kbit burst 1600 limit 1000000'))

const tc = (line: string) => lab.exec('a', 'tc', line.split(' '))
const openTheValve = () => tc('qdisc change dev far root tbf rate 1gbit burst 100000 limit 1000000')

function numbered(): Uint8Array[] {
  return Array.from({ length: PACKETS }, (_, sequence) => echoRequest(PEER, HOST, sequence, BYTES))
}

/** The sequence numbers of all echo requests that come out at the far end, once there are as many as were sent. */
async function arrivals(): Promise<number[]> {
  const batch = new PacketBatch()
  const sequences: number[] = []
  await waitFor(() => {
    far.queue.readBatch(batch)
    for (let i = 0; i < batch.count; i += 1) {
      const packet = batch.packet(i)
      if (packet.length > BYTES) sequences.push((packet[26]! << 8) | packet[27]!)
    }
    return sequences.length >= PACKETS
  })
  return sequences
}

const inOrder = [...Array(PACKETS).keys()]

test('writing stops in order at EAGAIN, and goes on from there when there is room', async () => {
  const batch = new PacketBatch({ packets: PACKETS })
  for (const packet of numbered()) batch.append(packet)
  batch.descriptors[63 * DESCRIPTOR_WORDS + DESCRIPTOR.status] = 99

  const { queue } = near
  const before = queue.counters.slice()
  const grown = (name: keyof typeof TUN_COUNTER) =>
    queue.counters[TUN_COUNTER[name]]! - before[TUN_COUNTER[name]]!
  const stopped = queue.writeBatch(batch)
  expect(stopped).toBeGreaterThan(0)
  expect(stopped).toBeLessThan(PACKETS)
  expect(grown('packetsOut')).toBe(stopped)
  expect(grown('writeAgain')).toBe(1)
  expect(grown('writeErrors')).toBe(0)
  expect(batch.descriptors[63 * DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(99)

  let next = stopped
  const done = new Promise<void>((resolve) => {
    const stop = queue.onWritable(() => {
      next = queue.writeBatch(batch, next)
      if (next < PACKETS) return
      stop()
      resolve()
    })
  })
  await openTheValve()
  expect(await arrivals()).toEqual(inOrder)
  await done
  expect(grown('packetsOut')).toBe(PACKETS)
  expect(batch.descriptors[63 * DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(0)
})

// A write that overtakes a queued one collapses TCP on long paths.
test('the Duplex keeps the order of writes while the device is full, and tells its writer to wait', async () => {
  const duplex = near.queue.toDuplex({ writableHighWaterMark: 4 })
  let accepted = 0
  for (const packet of numbered()) accepted += Number(duplex.write(packet))
  expect(accepted).toBeLessThan(PACKETS)
  await openTheValve()
  expect(await arrivals()).toEqual(inOrder)
  duplex.destroy()
})

test('a Web Stream resolves each write when the device has the packet', async () => {
  const writer = near.queue.toWeb().writable.getWriter()
  const writes = numbered().map((packet) => writer.write(packet))
  await writes[0]
  await openTheValve()
  expect(await arrivals()).toEqual(inOrder)
  await Promise.all(writes)
})

test('tryWrite says false when the device is full, and writable() resolves when it is not', async () => {
  const packets = numbered()
  let next = 0
  while (near.queue.tryWrite(packets[next]!)) next += 1
  expect(next).toBeLessThan(PACKETS)
  const pending = near.queue.writable()
  await openTheValve()
  await pending
  const received = arrivals()
  while (next < PACKETS) {
    if (near.queue.tryWrite(packets[next]!)) next += 1
    else await near.queue.writable()
  }
  expect(await received).toEqual(inOrder)
})

test('forwardBatches stops reading while a rest waits for room, and loses nothing', async () => {
  const [one, other] = createMemoryTun()
  let batches = 0
  const count = () => {
    batches += 1
  }
  const lost = forwardBatches(other.queue, near.queue, count, { batch: { packets: 8 } })
  for (const packet of numbered()) expect(one.queue.tryWrite(packet)).toBe(true)
  await waitFor(() => near.queue.counters[TUN_COUNTER.writeAgain]! > 0)
  expect(batches).toBeLessThan(PACKETS / 8)
  await openTheValve()
  expect(await arrivals()).toEqual(inOrder)
  expect(batches).toBe(PACKETS / 8)
  await other.close()
  expect(await lost).toBe(0)
  await one.close()
})

test('two forwardBatches into one full device lose nothing, and each keeps its order', async () => {
  const pairs = [createMemoryTun(), createMemoryTun()] as const
  const packets = numbered()
  const stopped = new AbortController()
  const options = { batch: { packets: 8 }, signal: stopped.signal }
  const lost = pairs.map(([, other]) => forwardBatches(other.queue, near.queue, () => {}, options))
  for (const [index, [one]] of pairs.entries()) {
    for (let i = index; i < PACKETS; i += 2) expect(one.queue.tryWrite(packets[i]!)).toBe(true)
  }
  await waitFor(() => near.queue.counters[TUN_COUNTER.writeAgain]! > 0)
  await openTheValve()
  const sequences = await arrivals()
  expect(sequences).toHaveLength(PACKETS)
  for (const parity of [0, 1]) {
    expect(sequences.filter((it) => it % 2 === parity)).toEqual(inOrder.filter((it) => it % 2 === parity))
  }
  stopped.abort()
  expect(await Promise.all(lost)).toEqual([0, 0])
  for (const [one, other] of pairs) await Promise.all([one.close(), other.close()])
})

test('aborting a wait for room rejects it, and so does closing the queue', async () => {
  const packets = numbered()
  while (near.queue.tryWrite(packets[0]!));
  const controller = new AbortController()
  const aborted = near.queue.writable({ signal: controller.signal })
  const closed = near.queue.writable()
  const writing = near.queue.toWeb().writable.getWriter().write(packets[1]!)
  const outcomes = Promise.allSettled([aborted, closed, writing])
  controller.abort()
  await near.close()
  expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual([
    'ABORT_ERR',
    'ERR_TUN_CLOSED',
    'ERR_TUN_CLOSED',
  ])
})
