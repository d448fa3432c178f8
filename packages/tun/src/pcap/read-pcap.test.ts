import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPcapWriter, readPcap } from './index.js'

const PACKETS = 5000
let directory: string
let file: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pcap-'))
  file = join(directory, 'a.pcap')
  const writer = await createPcapWriter(file)
  for (let i = 0; i < PACKETS; i += 1) writer.write(new Uint8Array(1000).fill(i & 0xff), BigInt(i) * 1000n)
  await writer.close()
})
afterAll(() => rm(directory, { recursive: true }))

async function count(source: Parameters<typeof readPcap>[0]): Promise<number> {
  let records = 0
  for await (const { packet, timestampNs } of readPcap(source)) {
    expect([packet[0], packet.length, timestampNs]).toEqual([records & 0xff, 1000, BigInt(records) * 1000n])
    records += 1
  }
  return records
}

test('a path, a URL, a stream and any iterable of bytes are read alike', async () => {
  expect(await count(file)).toBe(PACKETS)
  expect(await count(pathToFileURL(file))).toBe(PACKETS)
  expect(await count(createReadStream(file))).toBe(PACKETS)
  const bytes = await readFile(file)
  expect(
    await count(
      (async function* () {
        yield bytes
      })(),
    ),
  ).toBe(PACKETS)
})

test('a packet is the caller’s own: it stays as it was read', async () => {
  const packets: Uint8Array[] = []
  for await (const { packet } of readPcap(file)) packets.push(packet)
  expect(packets.every((packet, i) => packet.every((byte) => byte === (i & 0xff)))).toBe(true)
})

test('a file that ends too early gives all its whole records, and then the position', async () => {
  const cut = join(directory, 'cut.pcap')
  await writeFile(cut, (await readFile(file)).subarray(0, 24 + 3 * 1016 + 500))
  let records = 0
  const reading = (async () => {
    for await (const _ of readPcap(cut)) records += 1
  })()
  await expect(reading).rejects.toMatchObject({
    code: 'ERR_PCAP_TRUNCATED',
    message: expect.stringContaining(`${cut}, byte ${24 + 3 * 1016}:`),
  })
  expect(records).toBe(3)
})

test('an abort ends reading, also while a stream has nothing to give', async () => {
  const abort = new AbortController()
  const reading = (async () => {
    for await (const _ of readPcap(file, { signal: abort.signal })) abort.abort()
  })()
  await expect(reading).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })

  const silent = new PassThrough()
  const other = new AbortController()
  const waiting = readPcap(silent, { signal: other.signal }).next()
  other.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })
})

test('leaving the loop closes the file', async () => {
  const stream = createReadStream(file)
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()))
  for await (const _ of readPcap(stream)) break
  await closed
  expect(stream.destroyed).toBe(true)
})

test('what the file system refuses is told as it says it', async () => {
  await expect(count(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' })
  await expect(count(directory)).rejects.toMatchObject({ code: 'EISDIR' })
})

test('what is no source is refused at once, and text on the way', async () => {
  const type = { code: 'ERR_INVALID_ARG_TYPE' }
  expect(() => readPcap(undefined as never)).toThrow(expect.objectContaining(type))
  const text = createReadStream(file, 'latin1')
  await expect(count(text as never)).rejects.toMatchObject(type)
})
