//   a.pcap --- replay --- memory0 === memory1 --- this test
import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { createMemoryTun } from '../memory/index.js'
import { ipv4Packet } from '../memory/testing/ipv4-packet.js'
import { createPcapWriter, type ReplayQueue, replayPcap } from './index.js'

let directory: string
let file: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pcap-'))
})
afterAll(() => rm(directory, { recursive: true }))
beforeEach(({ task }) => {
  file = join(directory, `${task.id}.pcap`)
})

/** Records packets, `gapNs` apart. */
async function capture(packets: Uint8Array[], gapNs = 0n, snapLength = 65535): Promise<void> {
  const writer = await createPcapWriter(file, { snapLength, nanoseconds: true })
  let timestampNs = 1_700_000_000_000_000_000n
  for (const packet of packets) {
    writer.write(packet, timestampNs)
    timestampNs += gapNs
  }
  await writer.close()
}

function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => ipv4Packet(Uint8Array.of(i >> 8, i)))
}

/** A queue that takes everything and remembers in which batches. */
function recorder(): ReplayQueue & { batches: number[][] } {
  const batches: number[][] = []
  return {
    batches,
    writeBatch(batch, from = 0) {
      batches.push(Array.from({ length: batch.count - from }, (_, i) => batch.packet(from + i)[21]!))
      for (let i = from; i < batch.count; i += 1)
        batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.status] = 0
      return batch.count
    },
    writable: async () => {},
  }
}

test('every packet arrives in order through a queue that is too small for them', async () => {
  const sent = numbered(1000)
  await capture(sent)
  const [a, b] = createMemoryTun({ queuePackets: 10 })
  const got: Uint8Array[] = []
  const batch = new PacketBatch({ packets: 7 })
  const stop = b.queue.onReadable(() => {
    b.queue.readBatch(batch)
    for (let i = 0; i < batch.count; i += 1) got.push(batch.packet(i).slice())
  })
  const result = await replayPcap(file, a.queue)
  while (got.length < 1000) await b.queue.readable()
  stop()
  expect(result).toEqual({ packets: 1000, bytes: 22_000, refused: 0 })
  expect(got).toEqual(sent)
  await Promise.all([a.close(), b.close()])
})

test('what was cut, is empty, or is refused by the queue is counted, and the others go on', async () => {
  const large = ipv4Packet(new Uint8Array(1400))
  const malformed = new Uint8Array(30)
  await capture([numbered(1)[0]!, large, new Uint8Array(0), malformed, numbered(1)[0]!], 0n, 1000)
  const [a, b] = createMemoryTun()
  expect(await replayPcap(file, a.queue)).toEqual({ packets: 2, bytes: 44, refused: 3 })
  expect(b.queue.readBatch(new PacketBatch())).toBe(2)
  await Promise.all([a.close(), b.close()])
})

test('a damaged file replays what it has before it says so', async () => {
  await capture(numbered(300))
  await truncate(file, 24 + 299 * 38 + 10)
  const queue = recorder()
  await expect(replayPcap(file, queue)).rejects.toMatchObject({ code: 'ERR_PCAP_TRUNCATED' })
  expect(queue.batches.flat()).toHaveLength(299)
})

test('as soon as possible, packets go in large batches', async () => {
  await capture(numbered(600), 1_000_000_000n)
  const queue = recorder()
  await replayPcap(file, queue)
  expect(queue.batches.map(({ length }) => length)).toEqual([256, 256, 88])
})

test('at a speed, a packet waits for its time, and those of one moment go together', async () => {
  await capture(numbered(4), 20_000_000n)
  const queue = recorder()
  await replayPcap(file, queue, { speed: 2 })
  expect(queue.batches.flat()).toEqual([0, 1, 2, 3])
  expect(queue.batches.length).toBeGreaterThan(1)

  const crowded = recorder()
  await replayPcap(file, crowded, { speed: 1_000_000 })
  expect(crowded.batches).toEqual([[0, 1, 2, 3]])
})

test('an abort ends a wait for the queue, and one for the next packet', async () => {
  await capture(numbered(20), 100_000_000_000n)
  const [a, b] = createMemoryTun({ queuePackets: 5 })
  for (const speed of ['asap', 1] as const) {
    const abort = new AbortController()
    const replay = replayPcap(file, a.queue, { speed, signal: abort.signal })
    await b.queue.readable()
    abort.abort()
    await expect(replay).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })
    expect(b.queue.readBatch(new PacketBatch())).toBe(speed === 'asap' ? 5 : 1)
  }
  await Promise.all([a.close(), b.close()])
})

test('a queue that is closed ends it', async () => {
  await capture(numbered(20))
  const [a] = createMemoryTun({ queuePackets: 5 })
  const replay = replayPcap(file, a.queue)
  await new Promise((resolve) => setImmediate(resolve))
  await a.close()
  await expect(replay).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
})

test.each([[0], [-1], [Number.NaN], [Number.POSITIVE_INFINITY]])(
  'a speed of %d is refused',
  async (speed) => {
    const error = { code: 'ERR_INVALID_ARG_VALUE' }
    await expect(replayPcap(file, recorder(), { speed })).rejects.toMatchObject(error)
    await expect(replayPcap(file, recorder(), { speed: 'fast' as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    })
  },
)
