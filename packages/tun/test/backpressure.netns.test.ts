//   namespace a
//   this test --- tun `near`, ingress redirected to --- tun `far` (8 kbit/s until the test opens it) --- this test
// The send buffer of near's descriptor is made small, so what waits at far fills it.
import { spawnSync } from 'node:child_process'
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS, PacketBatch, TUN_COUNTER, type TunDevice } from '../src/index.js'
import { echoRequest } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

const PACKETS = 64
const BYTES = 1000

let lab: Lab
let near: TunDevice
let far: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
  near = await openUp(lab, { name: 'near' })
  far = await openUp(lab, { name: 'far' })
  await tc(`qdisc add dev near clsact`)
  await tc(`filter add dev near ingress protocol ip u32 match u32 0 0 action mirred egress redirect dev far`)
  const script = "import fcntl, struct; fcntl.ioctl(3, 0x400454d4, struct.pack('i', 20000))"
  // Not as descriptor 0: for the standard ones libuv clears O_NONBLOCK, which is shared with the queue.
  const stdio = ['ignore', 'ignore', 'inherit', near.queue.fd] as const
  expect(spawnSync('python3', ['-c', script], { stdio: [...stdio] }).status).toBe(0)
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
  const duplex = near.queue.toDuplex({ highWaterMark: 4 })
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
