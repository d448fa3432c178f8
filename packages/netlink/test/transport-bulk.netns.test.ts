import { createLab, type Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { NETLINK_NETFILTER, type NetlinkConnection, openNetlink, PayloadWriter } from '../src/index.js'
import {
  anyFamily,
  CT_DELETE,
  CT_GET,
  CT_NEW,
  createEntries,
  deleteAllEntries,
  entryKey,
  writeEntry,
  writeKey,
} from './conntrack-entries.js'

const CREATE_EXCL = 0x600

// host: lo only
let lab: Lab
let connection: NetlinkConnection
beforeAll(async () => {
  lab = await createLab({ namespaces: ['host'] })
  connection = await open({})
})
beforeEach(() => deleteAllEntries(connection))
afterAll(async () => {
  await connection?.close()
  await lab?.close()
})

function open(options: { receiveBufferBytes?: number; sendBufferBytes?: number }) {
  return openNetlink({ protocol: NETLINK_NETFILTER, netns: lab.path('host'), ...options })
}

async function countEntries(): Promise<number> {
  const keys = await connection.dump({ type: CT_GET, payload: anyFamily }, entryKey)
  expect(new Set(keys).size).toBe(keys.length)
  return keys.length
}

test('20,000 entries are created, told to exist, and deleted', async () => {
  const create = { type: CT_NEW, flags: CREATE_EXCL }
  expect(await connection.bulk(20_000, writeEntry, create)).toMatchObject({ ok: 20_000 })
  expect(await countEntries()).toBe(20_000)
  expect(await connection.bulk(20_000, writeEntry, create)).toMatchObject({ exists: 20_000, unknown: 0 })
  expect(await connection.bulk(20_000, writeKey, { type: CT_DELETE })).toMatchObject({ ok: 20_000 })
  expect(await countEntries()).toBe(0)
})

test('of more refusals in one datagram than the receive buffer holds, none is reported as success', async () => {
  await createEntries(connection, 800)
  const create = { type: CT_NEW, flags: CREATE_EXCL, messagesPerDatagram: 800 }
  const result = await connection.bulk(1_600, writeEntry, create)
  expect(result.outcomes.subarray(0, 800).includes(0)).toBe(false)
  expect(result.unknown).toBeGreaterThan(0)
  expect(result.exists).toBeGreaterThan(0)
  // The next datagram is not touched by what was lost of the first.
  expect(result).toMatchObject({ ok: 800, error: 0 })
  expect(result.errorAt(799)).toMatchObject({ code: 'ENOBUFS' })
})

test('what is new among refusals that overflow the buffer is unknown, not ok', async () => {
  await createEntries(connection, 1_000)
  // Every other message is new.
  const write = (index: number, writer: PayloadWriter) =>
    writeEntry(index % 2 === 0 ? index / 2 : 5_000 + index, writer)
  const result = await connection.bulk(800, write, {
    type: CT_NEW,
    flags: CREATE_EXCL,
    messagesPerDatagram: 800,
  })
  expect(await countEntries()).toBe(1_400)
  expect(result.unknown).toBeGreaterThan(400)
  for (let index = 0; index < 800; index++) {
    if (result.outcomeAt(index) === 'exists') expect(index % 2).toBe(0)
  }
  expect(result.ok).toBe(0)
})

test('a larger receive buffer, also one that grew later, holds them all', async () => {
  const grown = await open({})
  expect(grown.growReceiveBuffer(4 << 20)).toBe(4 << 20)
  await createEntries(connection, 1_000)
  for (const roomy of [await open({ receiveBufferBytes: 4 << 20 }), grown]) {
    const create = { type: CT_NEW, flags: CREATE_EXCL, messagesPerDatagram: 1_000 }
    expect(await roomy.bulk(1_000, writeEntry, create)).toMatchObject({ exists: 1_000, unknown: 0 })
    await roomy.close()
  }
})

test('a datagram that exceeds the send buffer is sent in parts', async () => {
  const modest = await open({ sendBufferBytes: 16_384 })
  const create = { type: CT_NEW, flags: CREATE_EXCL, messagesPerDatagram: 1_000 }
  expect(await modest.bulk(3_000, writeEntry, create)).toMatchObject({ ok: 3_000 })
  expect(await countEntries()).toBe(3_000)
  await modest.close()
})

test('many entries are read by their keys, and those that are gone are told apart', async () => {
  await createEntries(connection, 500)
  const found: number[] = []
  const result = await connection.bulk(1_000, writeKey, {
    type: CT_GET,
    operation: (index) => `read entry ${index}`,
    messagesPerDatagram: 32,
    reply: (index) => found.push(index),
  })
  expect(found).toEqual(Array.from({ length: 500 }, (_, index) => index))
  expect(result).toMatchObject({ ok: 500, error: 500 })
  expect(result.errorAt(700)).toMatchObject({ code: 'ENOENT', operation: 'read entry 700' })
})

test('a bulk leaves the event loop to others all the while', async () => {
  let turns = 0
  const interval = setInterval(() => turns++, 1)
  await createEntries(connection, 20_000)
  clearInterval(interval)
  expect(turns).toBeGreaterThan(3)
})

test('an aborted bulk stops, and the connection goes on', async () => {
  const abort = new AbortController()
  const write = (index: number, writer: PayloadWriter) => {
    if (index === 5_000) abort.abort()
    writeEntry(index, writer)
  }
  const create = { type: CT_NEW, flags: CREATE_EXCL, signal: abort.signal }
  await expect(connection.bulk(20_000, write, create)).rejects.toMatchObject({ name: 'AbortError' })
  expect(await countEntries()).toBeLessThan(5_200)
})

test('a refused attribute is named, in a single request and in a bulk', async () => {
  const attributeNames = { headerBytes: 4, attributes: { 7: 'CTA_TIMEOUT', 8: 'CTA_MARK' } }
  const write = (writer: PayloadWriter, isWrong: boolean) => {
    writeKey(1, writer)
    if (isWrong) writer.uint16(7, 1)
  }
  const writer = new PayloadWriter()
  write(writer, true)
  const request = { type: CT_NEW, flags: CREATE_EXCL, payload: writer.finish(), attributeNames }
  await expect(connection.request(request)).rejects.toMatchObject({ attributePath: 'CTA_TIMEOUT' })
  const result = await connection.bulk(3, (index, w) => write(w, index === 1), {
    type: CT_NEW,
    flags: CREATE_EXCL,
    attributeNames,
  })
  expect(result.errorAt(1)).toMatchObject({ attributePath: 'CTA_TIMEOUT', kernelMessage: expect.any(String) })
  expect(result.errorAt(0)?.attributePath).toBeUndefined()
})
