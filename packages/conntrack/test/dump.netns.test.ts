import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Flow, openConntrack, statusBits } from '../src/index.js'
import { type ConntrackLab, numbered, numberedMany, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterEach(() => room.clear())
afterAll(() => room?.close())

test('a dump gives every entry once, and again after it', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(5_000))
  for (let round = 0; round < 2; round++) {
    const sources = new Set<string>()
    let count = 0
    for await (const flow of conntrack.dump()) {
      sources.add(flow.original.source)
      count++
    }
    expect([count, sources.size]).toEqual([5_000, 5_000])
  }
})

test('batches give the same as entries one by one', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(1_000))
  const flows: Flow[] = []
  for await (const batch of conntrack.dump().batches()) flows.push(...batch)
  expect(new Set(flows.map(({ id }) => id)).size).toBe(1_000)
})

test('several may ask for entries at once', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(200))
  const dump = conntrack.dump()
  const results = await Promise.all(Array.from({ length: 202 }, () => dump.next()))
  expect(results.filter(({ done }) => !done).length).toBe(200)
  expect(results.slice(-2).every(({ done }) => done)).toBe(true)
})

test('a reader who has enough ends the dump, and the next one is whole', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(3_000))
  for await (const flow of conntrack.dump()) if (flow.mark === 0) break
  expect((await conntrack.list()).length).toBe(3_000)
})

test('who ends a dump while an entry is being waited for gets the end, not an error', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(5_000))
  const dump = conntrack.dump({ source: '192.0.2.0/24' })
  const waiting = dump.next()
  await new Promise(setImmediate)
  await dump.return()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(await dump.next()).toEqual({ done: true, value: undefined })
})

test('requests go on while a dump waits for its reader', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(3_000))
  const dump = conntrack.dump()
  await dump.next()
  expect(await conntrack.get(numbered(5))).toMatchObject({ original: numbered(5).original })
  await dump.return()
})

test('what stays in a table that others fill and empty is in every dump once', async () => {
  const { conntrack } = room
  const stable = numberedMany(10_000, () => ({ mark: 1 }))
  await conntrack.createMany(stable)
  const passing = numberedMany(20_000).slice(10_000)
  let isOver = false
  const churn = (async () => {
    while (!isOver) {
      await conntrack.createMany(passing)
      await conntrack.deleteMany(passing.map(({ original }) => ({ original })))
    }
  })()
  for (let round = 0; round < 3; round++) {
    const seen: string[] = []
    for await (const { mark, original } of conntrack.dump()) if (mark === 1) seen.push(original.source)
    expect([seen.length, new Set(seen).size]).toEqual([10_000, 10_000])
  }
  isOver = true
  await churn
})

test('a filter finds what fits, whether the kernel or the package compares', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(100, (number) => ({ mark: number % 4, zone: number % 2 })))
  await conntrack.create({
    original: {
      source: 'fd00::1',
      destination: 'fd00::2',
      protocol: 'udp',
      sourcePort: 53,
      destinationPort: 5353,
    },
    timeoutSeconds: 60,
    status: statusBits('CONFIRMED', 'SEEN_REPLY'),
  })
  const count = async (filter: Parameters<typeof conntrack.list>[0]) => (await conntrack.list(filter)).length
  expect(await count({ mark: 3 })).toBe(25)
  expect(await count({ mark: 0 })).toBe(26)
  expect(await count({ mark: { value: 1, mask: 1 } })).toBe(50)
  expect(await count({ zone: 1 })).toBe(50)
  expect(await count({ zone: 0 })).toBe(51)
  expect(await count({ family: 6 })).toBe(1)
  expect(await count({ source: '10.0.0.7' })).toBe(1)
  expect(await count({ source: '10.0.0.0/27' })).toBe(32)
  expect(await count({ reply: { destination: '10.0.0.8' } })).toBe(1)
  expect(await count({ family: 4, protocol: 'tcp', sourcePort: 1025 })).toBe(1)
  expect(await count({ sourcePort: [1025, 1034] })).toBe(10)
  expect(await count({ status: { clear: ['SEEN_REPLY'] } })).toBe(100)
  expect(await count({ status: { set: ['SEEN_REPLY'] } })).toBe(1)
})

test('of five IPv6 sources the one asked for is returned, not the other four', async () => {
  const { conntrack } = room
  for (let host = 1; host <= 5; host++) {
    const original = { source: `fd00::${host}`, destination: 'fd00::99', protocol: 'udp' } as const
    await conntrack.create({
      original: { ...original, sourcePort: 1, destinationPort: 2 },
      timeoutSeconds: 60,
    })
  }
  const sources = (await conntrack.list({ source: 'fd00:0::2' })).map(({ original }) => original.source)
  expect(sources).toEqual(['fd00::2'])
  expect((await conntrack.list({ source: 'fd00::4/126' })).length).toBe(2)
})

test('zeroCounters needs a filter that the kernel applies exactly', async () => {
  const { conntrack } = room
  await conntrack.create(numbered(1))
  expect(await conntrack.list({ mark: 0 }, { zeroCounters: true })).toMatchObject([
    { counters: { original: { packets: 0n, bytes: 0n } } },
  ])
  expect(() => conntrack.dump({ source: '10.0.0.0/8' }, { zeroCounters: true })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})

test('zeroCounters by a zone that has no entry returns nothing, as every dump of it', async () => {
  expect(await room.conntrack.list({ zone: 9 }, { zeroCounters: true })).toEqual([])
})

test('addresses as bytes are 4 bytes of their own', async () => {
  const { conntrack } = room
  await conntrack.createMany(numberedMany(300))
  const sources = new Set<string>()
  for await (const { original } of conntrack.dump({}, { addresses: 'bytes' }))
    sources.add(original.source.join('.'))
  expect(sources.size).toBe(300)
})

test('an abort and a close end a dump', async () => {
  const conntrack = await openConntrack({ netns: room.path })
  await conntrack.createMany(numberedMany(3_000))
  const abort = new AbortController()
  const aborted = conntrack.dump({}, { signal: abort.signal })
  await aborted.next()
  abort.abort(new Error('enough'))
  await expect(exhaust(aborted)).rejects.toThrow('enough')
  const closed = conntrack.dump()
  await closed.next()
  await conntrack.close()
  await conntrack.close()
  await expect(exhaust(closed)).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
  await expect(conntrack.list()).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
  await expect(conntrack.get(numbered(1))).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
})

test('a namespace given by a descriptor stays open after the descriptor is closed', async () => {
  await room.conntrack.createMany(numberedMany(10))
  const file = await open(room.path)
  const conntrack = await openConntrack({ netns: file.fd })
  await file.close()
  expect((await conntrack.list()).length).toBe(10)
  await conntrack.close()
})

test('nothing stays open: neither after a close, nor after an open that failed', async () => {
  const descriptors = () => readdirSync('/proc/self/fd').length
  const before = descriptors()
  for (let i = 0; i < 50; i++) {
    const conntrack = await openConntrack({ netns: room.path })
    for await (const _ of conntrack.dump()) break
    await conntrack.close()
    await openConntrack({ netns: '/dev/null' }).catch(() => {})
  }
  expect(descriptors()).toBeLessThanOrEqual(before)
})

test('a namespace that does not exist is named in the error', async () => {
  await expect(openConntrack({ netns: '/run/netns/none-such' })).rejects.toMatchObject({
    name: 'ConntrackError',
    code: 'ENOENT',
    operation: 'open',
  })
  await expect(openConntrack({ namespace: room.path } as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

async function exhaust(dump: AsyncIterable<Flow>): Promise<void> {
  for await (const _ of dump);
}
