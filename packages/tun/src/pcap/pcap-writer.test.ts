import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { array, assert, asyncProperty, bigInt, boolean, integer, record, uint8Array } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { createPcapWriter, type PcapRecord, readPcap } from './index.js'

let directory: string
let file: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pcap-'))
  file = join(directory, 'a.pcap')
})
afterAll(() => rm(directory, { recursive: true }))

const SECOND = 1_000_000_000n

async function recordsOf(source: Parameters<typeof readPcap>[0]): Promise<PcapRecord[]> {
  const records: PcapRecord[] = []
  for await (const item of readPcap(source)) records.push(item)
  return records
}

/** A stream that keeps what it gets, and calls back when it is told to. */
class SlowStream extends Writable {
  readonly chunks: Buffer[] = []
  #waiting: (() => void) | undefined

  constructor() {
    super({ highWaterMark: 1 })
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk)
    // The file header may pass.
    if (this.chunks.length === 1) done()
    else this.#waiting = done
  }

  release(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }
}

test('the bytes are those of tcpdump', async () => {
  const writer = await createPcapWriter(file, { snapLength: 96 })
  writer.write(Uint8Array.of(0x45, 0, 0, 4), 1_700_000_001_234_567_890n)
  await writer.close()
  const header = 'd4c3b2a1 0200 0400 00000000 00000000 60000000 65000000'
  const packet = '01f15365 47940300 04000000 04000000 45000004'
  expect((await readFile(file)).toString('hex')).toBe(`${header}${packet}`.replaceAll(' ', ''))
})

test('nanoseconds have a magic number of their own', async () => {
  const writer = await createPcapWriter(file, { nanoseconds: true })
  writer.write(Uint8Array.of(1), SECOND + 5n)
  await writer.close()
  const bytes = await readFile(file)
  expect(bytes.subarray(0, 4).toString('hex')).toBe('4d3cb2a1')
  expect(bytes.subarray(24, 32).toString('hex')).toBe('0100000005000000')
})

test('what is recorded is what is read, cut at the snap length', async () => {
  const shape = record({
    packets: array(
      record({ packet: uint8Array({ maxLength: 400 }), timestampNs: bigInt(0n, 2n ** 32n * SECOND - 1n) }),
    ),
    nanoseconds: boolean(),
    snapLength: integer({ min: 1, max: 500 }),
  })
  await assert(
    asyncProperty(shape, async ({ packets, nanoseconds, snapLength }) => {
      const writer = await createPcapWriter(file, { nanoseconds, snapLength })
      for (const { packet, timestampNs } of packets) expect(writer.write(packet, timestampNs)).toBe(true)
      expect(writer.recorded).toBe(packets.length)
      await writer.close()
      expect(await recordsOf(file)).toEqual(
        packets.map(({ packet, timestampNs }) => ({
          timestampNs: nanoseconds ? timestampNs : timestampNs - (timestampNs % 1000n),
          packet: Uint8Array.from(packet.subarray(0, snapLength)),
          originalLength: packet.length,
        })),
      )
    }),
    { numRuns: 30 },
  )
})

test('a batch is copied before it is used again, super-packets whole, dropped packets left out', async () => {
  const writer = await createPcapWriter(file)
  const batch = new PacketBatch()
  for (const length of [20, 30, 60_000]) batch.append(new Uint8Array(length).fill(length & 0xff))
  batch.descriptors[DESCRIPTOR_WORDS + DESCRIPTOR.length] = 0
  writer.writeBatch(batch, SECOND)
  batch.slab.fill(0)
  batch.clear()
  batch.append(Uint8Array.of(7))
  writer.writeBatch(batch, 2n * SECOND)
  batch.slab.fill(0)
  await writer.close()
  const records = await recordsOf(file)
  expect(records.map(({ packet, timestampNs }) => [packet.length, packet[0], timestampNs])).toEqual([
    [20, 20, SECOND],
    [60_000, 60_000 & 0xff, SECOND],
    [1, 7, 2n * SECOND],
  ])
  expect(Buffer.compare(records[1]!.packet, new Uint8Array(60_000).fill(60_000 & 0xff))).toBe(0)
})

test('without a timestamp it is the time of day', async () => {
  const writer = await createPcapWriter(file)
  const before = BigInt(Date.now()) * 1_000_000n
  writer.write(Uint8Array.of(1))
  const after = BigInt(Date.now()) * 1_000_000n
  await writer.close()
  const [{ timestampNs }] = (await recordsOf(file)) as [PcapRecord]
  const slackNs = 50_000_000n
  expect(timestampNs).toBeGreaterThan(before - slackNs)
  expect(timestampNs).toBeLessThan(after + slackNs)
})

test('a descriptor that points outside its slab is a packet dropped', async () => {
  const writer = await createPcapWriter(file)
  const batch = new PacketBatch({ packets: 4 })
  for (let i = 0; i < 4; i += 1) batch.append(new Uint8Array(20))
  batch.descriptors[DESCRIPTOR.offset] = -1
  batch.descriptors[DESCRIPTOR_WORDS + DESCRIPTOR.length] = 1 << 30
  batch.descriptors[2 * DESCRIPTOR_WORDS + DESCRIPTOR.length] = -1
  writer.writeBatch(batch)
  expect([writer.recorded, writer.dropped]).toEqual([1, 3])
  await writer.close()
})

describe('back-pressure', () => {
  const packet = new Uint8Array(60_000)

  test('memory is bounded: what does not fit is dropped and counted, what was taken is written', async () => {
    const stream = new SlowStream()
    const writer = await createPcapWriter(stream, { bufferBytes: 1 << 17 })
    const answers = [1, 2, 3, 4, 5, 6].map(() => writer.write(packet))
    expect(answers).toEqual([true, true, true, false, false, false])
    expect([writer.recorded, writer.dropped]).toEqual([4, 2])
    stream.release()
    await new Promise((resolve) => setImmediate(resolve))
    stream.release()
    await writer.drained()
    expect(writer.write(packet)).toBe(true)
    const closed = writer.close()
    await new Promise((resolve) => setImmediate(resolve))
    stream.release()
    await closed
    expect(
      await recordsOf(
        (async function* () {
          yield* stream.chunks
        })(),
      ),
    ).toHaveLength(5)
  })

  test('whoever waits after each false loses nothing', async () => {
    const writer = await createPcapWriter(file, { bufferBytes: 1 << 18 })
    const batch = new PacketBatch({ packets: 2 })
    batch.append(packet)
    batch.append(packet)
    let waits = 0
    for (let i = 0; i < 200; i += 1) {
      if (writer.writeBatch(batch)) continue
      waits += 1
      await writer.drained()
    }
    await writer.close()
    expect(waits).toBeGreaterThan(0)
    expect([writer.recorded, writer.dropped]).toEqual([400, 0])
    expect(await recordsOf(file)).toHaveLength(400)
  })

  test('a wait for a slow file can be given up', async () => {
    const stream = new SlowStream()
    const writer = await createPcapWriter(stream)
    writer.write(packet)
    const abort = new AbortController()
    const wait = writer.drained({ signal: abort.signal })
    abort.abort()
    await expect(wait).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })
    stream.release()
    await writer.close()
    expect(stream.writableFinished).toBe(true)
  })
})

test('a stream that holds on to its chunks gets its own', async () => {
  const stream = new PassThrough()
  const writer = await createPcapWriter(stream)
  const reading = recordsOf(stream)
  for (let i = 0; i < 5; i += 1) {
    writer.write(new Uint8Array(100).fill(i))
    await writer.drained()
  }
  await writer.close()
  expect((await reading).map(({ packet }) => packet[0])).toEqual([0, 1, 2, 3, 4])
})

test('a file that cannot be written ends the capture with its error, and what is lost is counted', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => done(chunk.length > 24 ? full : null),
  })
  const writer = await createPcapWriter(stream)
  writer.write(Uint8Array.of(1))
  writer.write(Uint8Array.of(2))
  await expect(writer.drained()).rejects.toBe(full)
  expect(writer.write(Uint8Array.of(3))).toBe(false)
  expect([writer.recorded, writer.dropped]).toEqual([0, 3])
  await expect(writer.drained()).rejects.toBe(full)
  await expect(writer.close()).rejects.toBe(full)
})

test('closing twice is closing once, and recording after it is an error', async () => {
  const writer = await createPcapWriter(file)
  writer.write(Uint8Array.of(1))
  await Promise.all([writer.close(), writer.close()])
  await writer[Symbol.asyncDispose]()
  expect(() => writer.write(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'ERR_PCAP_CLOSED' }))
  expect(await recordsOf(file)).toHaveLength(1)
})

test('wrong arguments are refused before a file is made', async () => {
  const path = join(directory, 'never.pcap')
  for (const options of [{ snapLength: 0 }, { snapLength: 65536 }, { bufferBytes: 1000 }]) {
    await expect(createPcapWriter(path, options)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  }
  await expect(createPcapWriter(1 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(createPcapWriter(join(directory, 'no', 'a.pcap'))).rejects.toMatchObject({ code: 'ENOENT' })

  const writer = await createPcapWriter(file)
  const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' })
  expect(() => writer.write(Uint8Array.of(1), -1n)).toThrow(value)
  expect(() => writer.write(Uint8Array.of(1), 2n ** 32n * SECOND)).toThrow(value)
  expect(() => writer.write(Uint8Array.of(1), 1 as never)).toThrow(type)
  expect(() => writer.write('packet' as never)).toThrow(type)
  await writer.close()
})
