import { createLab, type Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  type NetlinkConnection,
  openNetlink,
  PayloadWriter,
  readAttributes,
} from '../src/index.js'
import { anyFamily, CT_GET, createEntries, deleteAllEntries, entryKey } from './conntrack-entries.js'

const RTM_GETLINK = 18
const ENTRIES = 20_000
const everything = { type: CT_GET, payload: anyFamily }

// host: lo only
let lab: Lab
let connection: NetlinkConnection
let other: NetlinkConnection
beforeAll(async () => {
  lab = await createLab({ namespaces: ['host'] })
  connection = await openNetlink({ protocol: NETLINK_NETFILTER, netns: lab.path('host') })
  other = await openNetlink({ protocol: NETLINK_NETFILTER, netns: lab.path('host') })
})
beforeEach(async () => {
  await deleteAllEntries(other)
  await createEntries(other, ENTRIES)
})
afterAll(async () => {
  await connection?.close()
  await other?.close()
  await lab?.close()
})

test('a stream of 20,000 entries gives each of them once, to a slow consumer too', async () => {
  const keys = new Set<number>()
  let count = 0
  for await (const key of connection.stream(everything, entryKey)) {
    keys.add(key)
    if (++count % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect([count, keys.size]).toEqual([ENTRIES, ENTRIES])
  let batched = 0
  for await (const batch of connection.stream(everything, entryKey).batches()) batched += batch.length
  expect(batched).toBe(ENTRIES)
})

test('what the consumer has not asked for is still in the table of the kernel, not in memory', async () => {
  const stream = connection.stream(everything, entryKey)
  await stream.next()
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  await deleteAllEntries(other)
  let count = 1
  for await (const _ of stream) count++
  expect(count).toBeLessThan(2_000)
})

test('after a break the same connection reads the whole table', async () => {
  for await (const _ of connection.stream(everything, entryKey)) break
  expect((await connection.dump(everything, entryKey)).length).toBe(ENTRIES)
})

test('a stream whose connection is closed under it ends with an error', async () => {
  const own = await openNetlink({ protocol: NETLINK_NETFILTER, netns: lab.path('host') })
  const stream = own.stream(everything, entryKey)
  const reading = (async () => {
    for await (const _ of stream) await own.close()
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
})

test('requests made from within the loop are answered on the same connection', async () => {
  let count = 0
  let answered = 0
  for await (const _ of connection.stream(everything, entryKey)) {
    if (++count % 1_000 !== 0) continue
    await createEntries(connection, 200, ENTRIES + count)
    answered++
  }
  expect(answered).toBeGreaterThanOrEqual(ENTRIES / 1_000)
})

test('a loop that waits for nothing else leaves the event loop to others', async () => {
  let turns = 0
  const interval = setInterval(() => turns++, 1)
  for await (const _ of connection.stream(everything, entryKey)) {
  }
  clearInterval(interval)
  expect(turns).toBeGreaterThan(3)
})

test('a filter that the kernel applied shows', async () => {
  const ipv4 = connection.stream({ type: CT_GET, payload: Uint8Array.of(2, 0, 0, 0) }, entryKey)
  await ipv4.next()
  expect(ipv4.filtered).toBe(true)
  await ipv4.return()
  const all = connection.stream(everything, entryKey)
  await all.next()
  expect(all.filtered).toBe(false)
  await all.return()
})

test('links that change under the dump make its end an error', async () => {
  const lines = Array.from({ length: 75 }, (_, i) => `link add a${i} type veth peer name b${i}`)
  await lab.exec('host', 'sh', ['-c', `printf '${lines.join('\\n')}\\n' | ip -batch -`])
  const route = await openNetlink({ protocol: NETLINK_ROUTE, netns: lab.path('host') })
  const request = { type: RTM_GETLINK, payload: new PayloadWriter(new Uint8Array(16)).finish() }
  const stream = route.stream(request, ({ payload }) => {
    for (const a = readAttributes(payload, 16); a.next(); ) if (a.type === 3) return a.text()
    return undefined
  })
  await stream.next()
  await lab.ip('host', 'link', 'add', 'late', 'type', 'veth')
  const reading = (async () => {
    for await (const _ of stream) {
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ERR_NETLINK_DUMP_INTERRUPTED' })
  await route.close()
})
