import { execFileSync } from 'node:child_process'
import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type Conntrack,
  type Flow,
  type FlowTable,
  type FlowTableListener,
  type MirrorTableOptions,
  mirrorTable,
  type NewFlow,
} from '../src/index.js'
import { type ConntrackLab, numbered, openConntrackLab } from './conntrack-lab.js'

// host: tracks, with accounting and timestamps
let room: ConntrackLab
let conntrack: Conntrack
beforeAll(async () => {
  room = await openConntrackLab()
  conntrack = room.conntrack
})
afterAll(() => room?.close())
beforeEach(() => eventMode(1))

const tables: FlowTable[] = []
afterEach(async () => {
  for (const table of tables.splice(0)) await table.close()
  await room.clear()
})

async function mirror(options: MirrorTableOptions = {}): Promise<FlowTable> {
  const table = await mirrorTable({ netns: room.path, reconcileMs: 0, ...options })
  tables.push(table)
  return table
}

async function eventMode(mode: 0 | 1 | 2): Promise<void> {
  await room.lab.sysctl('host', 'net.netfilter.nf_conntrack_events', `${mode}`)
}

/** As one text, without what runs by itself. */
function essence({
  timeout: _,
  use: __,
  counters: ___,
  eventTime: ____,
  timestamp: _____,
  ...flow
}: Flow): string {
  const sorted = Object.entries({ ...flow, mark: flow.mark ?? 0 }).sort(([a], [b]) => a.localeCompare(b))
  return JSON.stringify(sorted.filter(([, value]) => value !== undefined))
}

/** The table and what the kernel has are the same. */
async function expectEqual(table: FlowTable): Promise<void> {
  await table.settled()
  const read = new Set((await conntrack.list()).map(essence))
  const mirrored = new Set(Array.from(table, essence))
  expect(table.size).toBe(mirrored.size)
  expect([...mirrored].filter((flow) => !read.has(flow)).slice(0, 3)).toEqual([])
  expect([...read].filter((flow) => !mirrored.has(flow)).slice(0, 3)).toEqual([])
}

/** Runs in a process of its own while this one does nothing, so that nobody reads. */
function flood(...args: string[]): void {
  const { pathname } = new URL('./cases/flood.mjs', import.meta.url)
  execFileSync('ip', ['netns', 'exec', room.lab.name('host'), process.execPath, pathname, ...args])
}

/** What is told, one line each. */
class Told implements FlowTableListener {
  readonly lines: string[] = []

  added({ original }: Flow): void {
    this.lines.push(`added ${original.sourcePort}`)
  }

  changed({ original, mark }: Flow, before: Flow): void {
    this.lines.push(`changed ${original.sourcePort} mark ${before.mark} to ${mark}`)
  }

  removed({ original }: Flow): void {
    this.lines.push(`removed ${original.sourcePort}`)
  }

  resynced({ reason }: { reason: string }): void {
    this.lines.push(`resynced ${reason}`)
  }

  overrun(): void {
    this.lines.push('overrun')
  }
}

test('a table begins with the entries that are there, of both families and all zones', async () => {
  await conntrack.create(numbered(1, { mark: 3, protocolInfo: { tcp: { state: 'ESTABLISHED' } } }))
  await conntrack.create(numbered(1, { zone: 5 }))
  const ping = { source: 'fd00::1', destination: 'fd00::2', protocol: 'icmpv6' } as const
  await conntrack.create({ original: { ...ping, icmp: { type: 128, code: 0, id: 9 } }, timeoutSeconds: 30 })
  const table = await mirror()
  await table.ready
  expect(table.size).toBe(3)
  expect(table.get(numbered(1))).toMatchObject({ mark: 3, protocolInfo: { tcp: { state: 'ESTABLISHED' } } })
  expect(table.get({ ...numbered(1), zone: 5 })).toMatchObject({ zone: 5 })
  const original = { ...ping, source: 'FD00:0::1', icmp: { type: 128, code: 0, id: 9 } }
  expect(table.has({ original })).toBe(true)
  expect(table.has({ original: { ...original, icmp: { type: 128, code: 0, id: 8 } } })).toBe(false)
  const { id } = table.get(numbered(1))!
  expect(table.has({ ...numbered(1), id: id! })).toBe(true)
  expect(table.has({ ...numbered(1), id: (id! ^ 1) >>> 0 })).toBe(false)
  await expectEqual(table)
})

test('what happens is told: added, changed, removed with counters and times of its end', async () => {
  const told = new Told()
  let last: Flow | undefined
  const table = await mirror({ listener: Object.assign(told, { removed: (flow: Flow) => (last = flow) }) })
  await table.ready
  await conntrack.create(numbered(1))
  await conntrack.update(numbered(1), { mark: 4 })
  // The timeout alone is no change.
  await conntrack.update(numbered(1), { timeoutSeconds: 500 })
  await table.settled()
  await expectEqual(table)
  await conntrack.update(numbered(1), { mark: 0 })
  await table.settled()
  await expectEqual(table)
  await conntrack.delete(numbered(1))
  await table.settled()
  expect(told.lines).toEqual(['added 1025', 'changed 1025 mark 0 to 4', 'changed 1025 mark 4 to 0'])
  expect(table.size).toBe(0)
  expect(last!.timestamp!.stop).toBeGreaterThan(0n)
  expect(last!.counters!.original!.packets).toBe(0n)
  expect(table.counters).toEqual({ events: 5, overruns: 0, resyncs: 0, reconciliations: 0 })
})

test('labels, helper and the rest, which events leave out, stay with the entry', async () => {
  const table = await mirror()
  await table.ready
  const ftp = { ...numbered(1).original, destinationPort: 21 }
  await conntrack.create({ ...numbered(1), original: ftp, helper: { name: 'ftp' }, mark: 1 } as NewFlow)
  await conntrack.update({ original: ftp }, { mark: 2 })
  await table.settled()
  expect(table.get({ original: ftp })).toMatchObject({ helper: { name: 'ftp' }, mark: 2 })
  await expectEqual(table)
})

test('an entry that is born again with the same tuple is told removed, then added', async () => {
  const told = new Told()
  const table = await mirror({ listener: told })
  await table.ready
  await conntrack.create(numbered(1))
  await conntrack.delete(numbered(1))
  await conntrack.create(numbered(1))
  await table.settled()
  expect(told.lines).toEqual(['added 1025', 'removed 1025', 'added 1025'])
})

test('with a filter, an entry comes in and goes out with its change', async () => {
  const told = new Told()
  const table = await mirror({ listener: told, filter: { mark: 1 } })
  await table.ready
  await conntrack.create(numbered(1))
  await conntrack.update(numbered(1), { mark: 1 })
  await conntrack.create(numbered(2, { mark: 2 }))
  await table.settled()
  expect([...table].map(({ original }) => original.sourcePort)).toEqual([1025])
  await table.resync()
  await conntrack.update(numbered(1), { mark: 2 })
  await table.settled()
  expect(told.lines).toEqual(['added 1025', 'resynced asked', 'removed 1025'])
})

test('a table that begins under churn is right', async () => {
  const flows = (first: number) => Array.from({ length: 500 }, (_, index) => numbered(first + index))
  await conntrack.createMany(flows(0))
  let isOver = false
  const churning = (async () => {
    for (let first = 500; !isOver && first < 100_000; first += 500) {
      await conntrack.createMany(flows(first))
      await conntrack.deleteMany(flows(first - 500))
    }
  })()
  const starts = await Promise.all(Array.from({ length: 2 }, () => mirror()))
  for (const table of starts) await table.ready
  for (const table of starts) await table.resync()
  isOver = true
  await churning
  for (const table of starts) await expectEqual(table)
})

test('300,000 entries made and 200,000 deleted while nobody reads are an overrun, and the table is right again', async () => {
  const told: string[] = []
  const listener = { overrun: () => told.push('overrun'), resynced: () => told.push('resynced') }
  const table = await mirror({ listener })
  await table.ready
  for (const [first, verb] of [0, 100_000, 200_000].map((each, index) => [each, index < 2] as const)) {
    flood('create', `${first}`, '100000')
    if (verb) flood('flush')
  }
  const present = table.receiveBufferBytes
  await expectEqual(table)
  expect(table.size).toBe(100_000)
  expect(told).toContain('overrun')
  expect(told.at(-1)).toBe('resynced')
  expect(table.counters.resyncs).toBeGreaterThan(0)
  expect(table.receiveBufferBytes).toBeGreaterThan(present)
  // It goes on as before.
  await conntrack.create(numbered(300_001))
  await table.settled()
  expect(table.has(numbered(300_001))).toBe(true)
}, 120_000)

test('overruns that follow each other are one reading', async () => {
  const told = new Told()
  const table = await mirror({
    receiveBufferBytes: 64 * 1024,
    maxReceiveBufferBytes: 64 * 1024,
    resyncDelayMs: 1000,
  })
  await table.ready
  for (let round = 0; round < 3; round++) {
    flood('create', `${1000 * round}`, '1000')
    await waitFor(() => table.counters.overruns > round)
  }
  await expectEqual(table)
  expect(table.counters).toMatchObject({ overruns: 3, resyncs: 1 })
  expect(told.lines).toEqual([])
})

test('entries whose end was lost in an overrun are told removed, those that were born meanwhile added', async () => {
  const told = new Told()
  await conntrack.create(numbered(0))
  const table = await mirror({
    receiveBufferBytes: 16 * 1024,
    maxReceiveBufferBytes: 16 * 1024,
    listener: told,
  })
  await table.ready
  flood('flush')
  flood('create', '1', '1000')
  await table.settled()
  expect(told.lines.filter((line) => line === 'removed 1024')).toEqual(['removed 1024'])
  const added = told.lines.filter((line) => line.startsWith('added'))
  expect(added.sort()).toEqual(Array.from({ length: 1000 }, (_, index) => `added ${1025 + index}`).sort())
  expect(told.lines.at(-1)).toBe('resynced overrun')
})

test('an entry from before anybody listened, which ends without an event, is dropped by the clock', async () => {
  // Made while events are off, an entry is as mute as one made in auto mode while nobody on the machine listens.
  await eventMode(0)
  await conntrack.create(numbered(1))
  await eventMode(2)
  const told = new Told()
  const table = await mirror({ reconcileMs: 200, listener: told })
  await table.ready
  expect(table.has(numbered(1))).toBe(true)
  await conntrack.create(numbered(2))
  await conntrack.delete(numbered(1))
  await table.settled()
  await waitFor(() => !table.has(numbered(1)))
  expect(table.has(numbered(2))).toBe(true)
  expect(told.lines).toContain('removed 1025')
  expect(table.counters.reconciliations).toBeGreaterThan(0)
})

test('the event mode is known in the own namespace, and where it is auto, only mute entries make the clock read', async () => {
  await eventMode(2)
  const child = await room.lab.enter('host', new URL('./cases/mirror.mjs', import.meta.url))
  expect(await child.call('eventModes')).toEqual({ own: 'auto', byPath: 'auto' })
  expect(await child.call('reconcileWithoutMuteEntries')).toEqual({ reconciliations: 0, size: 1 })
  expect((await mirror()).eventMode).toBeUndefined()
  await child.close()
})

test('what a listener throws is an uncaught exception, and the table stays right', async () => {
  const child = await room.lab.enter('host', new URL('./cases/mirror.mjs', import.meta.url))
  expect(await child.call('throwFromListener')).toEqual({
    thrown: ['from added', 'from removed'],
    ports: [2],
  })
  await child.close()
})

test('after closing the table stays as it is, and says that it is closed', async () => {
  await conntrack.create(numbered(1))
  const table = await mirror()
  await table.ready
  await table.close()
  await table.close()
  await conntrack.delete(numbered(1))
  expect(table.size).toBe(1)
  await expect(table.settled()).rejects.toMatchObject({ code: 'ERR_CONNTRACK_CLOSED' })
  const early = await mirror()
  await early.close()
  await expect(early.ready).rejects.toMatchObject({ code: 'ERR_CONNTRACK_CLOSED' })
})

test('an abort closes the table with its reason', async () => {
  const controller = new AbortController()
  const table = await mirror({ signal: controller.signal })
  await table.ready
  controller.abort(new Error('enough'))
  await expect(table.settled()).rejects.toThrow('enough')
})

test.each([
  [{ listener: 5 }, 'ERR_INVALID_ARG_TYPE'],
  [{ resyncDelayMs: -1 }, 'ERR_INVALID_ARG_VALUE'],
  [{ reconcileMs: '1' }, 'ERR_INVALID_ARG_TYPE'],
  [{ filter: { port: 1 } }, 'ERR_INVALID_ARG_VALUE'],
  [{ interval: 1 }, 'ERR_INVALID_ARG_VALUE'],
  [{ netns: '/run/netns/nobody' }, 'ENOENT'],
])('%o is refused with %s', async (options, code) => {
  await expect(mirrorTable(options as unknown as MirrorTableOptions)).rejects.toMatchObject({ code })
})

test('a key without an original tuple, or with a wrong address, is refused', async () => {
  const table = await mirror()
  expect(() => table.get({ reply: numbered(1).original })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  )
  const original = { ...numbered(1).original, source: 'nobody' }
  expect(() => table.get({ original })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
})
