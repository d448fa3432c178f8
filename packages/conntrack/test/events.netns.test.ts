import { execFileSync } from 'node:child_process'
import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type Conntrack,
  type ConntrackEvent,
  type ConntrackEvents,
  type FlowEvent,
  type OpenEventsOptions,
  openEvents,
  STATUS,
} from '../src/index.js'
import { type ConntrackLab, numbered, openConntrackLab } from './conntrack-lab.js'

// host: tracks, with accounting and timestamps      other: empty
let room: ConntrackLab
let conntrack: Conntrack
beforeAll(async () => {
  room = await openConntrackLab()
  conntrack = room.conntrack
})
afterAll(() => room?.close())

const opened: ConntrackEvents<never>[] = []
afterEach(async () => {
  for (const events of opened.splice(0)) await events.close()
  await room.clear()
})

async function listen(options: OpenEventsOptions & { addresses?: 'text' } = {}): Promise<ConntrackEvents> {
  const events = await openEvents({ netns: room.path, ...options })
  opened.push(events as ConntrackEvents<never>)
  return events
}

async function take(events: ConntrackEvents, count: number): Promise<ConntrackEvent[]> {
  const taken: ConntrackEvent[] = []
  while (taken.length < count) taken.push((await events.next()).value!)
  return taken
}

/** Runs in a process of its own while this one does nothing, so that nobody reads. */
function flood(...args: string[]): void {
  const { pathname } = new URL('./cases/flood.mjs', import.meta.url)
  execFileSync('ip', ['netns', 'exec', room.lab.name('host'), process.execPath, pathname, ...args])
}

const child = () => room.lab.enter('host', new URL('./cases/events.mjs', import.meta.url))

test('the life of an entry is told in its order: made, changed, ended', async () => {
  const events = await listen()
  const flow = numbered(1, { mark: 7 })
  await conntrack.create(flow)
  await conntrack.update(flow, { mark: 8, protocolInfo: { tcp: { state: 'ESTABLISHED' } } })
  await conntrack.delete(flow)
  const told = (await take(events, 3)) as FlowEvent[]
  expect(told.map(({ type }) => type)).toEqual(['new', 'update', 'destroy'])
  for (const event of told) {
    expect(event.flow).toMatchObject({ family: 4, original: flow.original, id: told[0]!.flow.id })
    expect(event).not.toHaveProperty('namespaceId')
  }
  expect(told.map(({ flow }) => flow.mark)).toEqual([7, 8, 8])
})

test('of the end, the state of TCP is the one thing left, with counters and times', async () => {
  const events = await listen({ kinds: ['destroy'] })
  const flow = numbered(2, { protocolInfo: { tcp: { state: 'ESTABLISHED' } } })
  await conntrack.create(flow)
  await conntrack.delete(flow)
  const [event] = (await take(events, 1)) as FlowEvent[]
  expect(event).toMatchObject({ type: 'destroy', flow: { protocolInfo: { tcp: { state: 'ESTABLISHED' } } } })
  expect(event!.flow.protocolInfo!.tcp).toEqual({ state: 'ESTABLISHED' })
  expect(event!.flow.timeout).toBeGreaterThan(0)
  expect(event!.flow.counters).toEqual({
    original: { packets: 0n, bytes: 0n },
    reply: { packets: 0n, bytes: 0n },
  })
  expect(event!.flow.timestamp!.stop).toBeGreaterThanOrEqual(event!.flow.timestamp!.start)
  expect((event!.flow.status! & STATUS.DYING) !== 0).toBe(true)
})

test('what other handles of the same process do is told, and what other processes do', async () => {
  await using process = await child()
  expect(await process.call('hearOneself')).toEqual([1, 2])
  const events = await listen({ kinds: ['new'] })
  await process.call('create', 3)
  expect(await take(events, 1)).toMatchObject([{ type: 'new', flow: { original: { sourcePort: 3 } } }])
})

test('only the kinds that were asked for are told', async () => {
  const events = await listen({ kinds: ['update'] })
  await conntrack.create(numbered(1))
  await conntrack.update(numbered(1), { mark: 1 })
  await conntrack.delete(numbered(1))
  await conntrack.create(numbered(2))
  await conntrack.update(numbered(2), { mark: 2 })
  expect(((await take(events, 2)) as FlowEvent[]).map(({ type, flow }) => [type, flow.mark])).toEqual([
    ['update', 1],
    ['update', 2],
  ])
})

test('a filter lets pass what fits, also by IPv6 address', async () => {
  const events = await listen({ filter: { source: '2001:db8::/32', mark: { value: 1, mask: 1 } } })
  const ipv6 = (source: string, mark: number) => ({
    original: { source, destination: 'fd00::1', protocol: 'udp', sourcePort: 1, destinationPort: 2 } as const,
    timeoutSeconds: 60,
    mark,
  })
  await conntrack.create(numbered(1, { mark: 1 }))
  await conntrack.create(ipv6('2001:db9::1', 1))
  await conntrack.create(ipv6('2001:db8::1', 2))
  await conntrack.create(ipv6('2001:db8::2', 3))
  expect(await take(events, 1)).toMatchObject([
    { type: 'new', flow: { original: { source: '2001:db8::2' } } },
  ])
})

test('zones are told, of both directions and of each', async () => {
  const events = await listen({ kinds: ['new', 'destroy'] })
  await conntrack.create(numbered(1, { zone: 5 }))
  const { original } = numbered(2)
  await conntrack.create(numbered(2, { original: { ...original, zone: 6 } }))
  await conntrack.delete({ ...numbered(1), zone: 5 })
  const told = (await take(events, 3)) as FlowEvent[]
  expect(told.map(({ type, flow }) => [type, flow.zone, flow.original.zone])).toEqual([
    ['new', 5, undefined],
    ['new', undefined, 6],
    ['destroy', 5, undefined],
  ])
})

test('addresses come as bytes that stay what they are', async () => {
  const events = await openEvents({ netns: room.path, addresses: 'bytes' })
  await using _ = events
  await conntrack.create(numbered(1))
  await conntrack.create(numbered(2))
  const first = await events.next()
  await events.next()
  const { flow } = first.value as FlowEvent<Uint8Array>
  expect(flow.original.source).toEqual(Uint8Array.of(10, 0, 0, 1))
})

test('expectations are told: made, and gone', async () => {
  const events = await listen({ kinds: ['expectation-new', 'expectation-destroy'] })
  const ends = { source: '192.0.2.1', destination: '198.51.100.1', protocol: 'tcp' } as const
  const master = { ...ends, sourcePort: 4000, destinationPort: 21 }
  await conntrack.create({ original: master, timeoutSeconds: 60, helper: { name: 'ftp' } })
  const tuple = { ...ends, sourcePort: 0, destinationPort: 5000 }
  await conntrack.createExpectation({ tuple, master, helper: 'ftp' })
  await conntrack.deleteExpectation({ tuple })
  expect(await take(events, 2)).toMatchObject([
    { type: 'expectation-new', expectation: { tuple, master, helper: 'ftp' } },
    { type: 'expectation-destroy', expectation: { tuple, master } },
  ])
})

test('entries made at a moderate rate are told of without a loss, in their order', async () => {
  const events = await listen({ kinds: ['new'] })
  const ports: number[] = []
  const listening = (async () => {
    for await (const event of events) {
      if (event.type !== 'new') throw new Error(event.type)
      ports.push(event.flow.original.sourcePort!)
      if (ports.length === 10_000) break
    }
  })()
  for (let first = 0; first < 10_000; first += 500) {
    await conntrack.createMany(Array.from({ length: 500 }, (_, index) => numbered(first + index)))
    await waitFor(() => ports.length >= first)
  }
  await listening
  expect(ports).toEqual(Array.from({ length: 10_000 }, (_, number) => 1024 + number))
  expect(events.overruns).toBe(0)
})

test('an overrun is told where events are missing, and the stream goes on with more room', async () => {
  const events = await listen({ receiveBufferBytes: 64 * 1024, kinds: ['new'] })
  const room = events.receiveBufferBytes
  flood('create', '0', '5000')
  const before: FlowEvent[] = []
  let overrun: ConntrackEvent | undefined
  for await (const event of events) {
    if (event.type === 'new') before.push(event)
    else overrun = event
    if (overrun) break
  }
  // What the buffer held came first, without a hole.
  expect(before.map(({ flow }) => flow.original.sourcePort)).toEqual(before.map((_, index) => 1024 + index))
  expect(before.length).toBeGreaterThan(0)
  expect(before.length).toBeLessThan(5000)
  expect(overrun).toEqual({ type: 'overrun', where: 'socket', receiveBufferBytes: 2 * room })
})

test('after an overrun everything later is told, since the kernel drops until its queue is empty', async () => {
  const events = await listen({ receiveBufferBytes: 64 * 1024, kinds: ['new'] })
  flood('create', '0', '5000')
  let told = 0
  let mark = 0
  for (;;) {
    const { value } = await events.next()
    if (value!.type === 'overrun') break
  }
  // From here on none may be missing.
  for (let number = 5000; number < 5200; number++) await conntrack.create(numbered(number, { mark: ++mark }))
  for await (const event of events) {
    if (event.type !== 'new') throw new Error(event.type)
    expect(event.flow.mark).toBe(++told)
    if (told === 200) break
  }
})

test('the buffer grows up to its limit and no further', async () => {
  const events = await listen({
    receiveBufferBytes: 64 * 1024,
    maxReceiveBufferBytes: 100_000,
    kinds: ['new'],
  })
  for (const first of ['0', '3000']) {
    flood('create', first, '3000')
    await waitFor(async () => (await events.next()).value?.type === 'overrun')
  }
  expect(events.receiveBufferBytes).toBe(100_000)
  expect(events.overruns).toBe(2)
})

test('a consumer that does not ask costs no more memory than the queue: then an overrun is told in its place', async () => {
  const events = await listen({ maxQueuedEvents: 100, kinds: ['new'] })
  await conntrack.createMany(Array.from({ length: 150 }, (_, number) => numbered(number)))
  await waitFor(() => events.queuedEvents === 101)
  const told = await take(events, 101)
  expect(told.slice(0, 100).every(({ type }) => type === 'new')).toBe(true)
  expect(told[100]).toMatchObject({ type: 'overrun', where: 'queue' })
  await conntrack.create(numbered(5000, { mark: 5 }))
  // What had not been read yet when there was room again comes too.
  let last = 99
  for await (const event of events) {
    const { flow } = event as FlowEvent
    const number = flow.original.sourcePort! - 1024
    expect(number).toBeGreaterThan(last)
    last = number
    if (flow.mark === 5) break
  }
})

test('in reliable mode the kernel keeps ends until they are taken, however small the room', async () => {
  const events = await listen({ reliable: true, receiveBufferBytes: 4096, kinds: ['destroy'] })
  flood('create', '0', '500')
  flood('flush')
  const ids = new Set<number>()
  for await (const event of events) {
    if (event.type === 'destroy') ids.add(event.flow.id!)
    if (ids.size === 500) break
  }
  expect(events.overruns).toBe(0)
})

test('a mute entry ends without a word, also when somebody listens by then', async () => {
  // The auto mode makes such entries while nobody listens, in any namespace of the machine: others would disturb that.
  const mode = (value: string) => room.lab.sysctl('host', 'net.netfilter.nf_conntrack_events', value)
  await mode('0')
  await conntrack.create(numbered(1))
  await mode('2')
  const events = await listen()
  await conntrack.delete(numbered(1))
  await conntrack.create(numbered(2))
  expect(await take(events, 1)).toMatchObject([{ type: 'new', flow: { original: numbered(2).original } }])
})

test('events of other namespaces are told with the id that they have here', async () => {
  const other = await openConntrackLab()
  try {
    await room.lab.ip('host', 'netns', 'set', other.lab.name('host'), '77')
    const events = await listen({ allNamespaces: true, kinds: ['new'] })
    await other.conntrack.create(numbered(3))
    await other.conntrack.delete(numbered(3))
    await conntrack.create(numbered(4))
    const told = await take(events, 2)
    expect(told).toMatchObject([
      { type: 'new', namespaceId: 77, flow: { original: numbered(3).original } },
      { type: 'new', flow: { original: numbered(4).original } },
    ])
    expect(told[1]).not.toHaveProperty('namespaceId')
  } finally {
    await other.close()
  }
})

test('break, close and return end the stream, and whoever waits is told the end', async () => {
  const [left, closed, returned] = [await listen(), await listen(), await listen()]
  await conntrack.create(numbered(1))
  for await (const _ of left) break
  expect(await left.next()).toEqual({ done: true, value: undefined })
  await closed.next()
  const waiting = closed.next()
  await closed.close()
  await closed.close()
  expect(await waiting).toEqual({ done: true, value: undefined })
  await returned.return()
  expect(await returned.next()).toEqual({ done: true, value: undefined })
})

test('an abort is thrown to whoever iterates, once', async () => {
  await expect(listen({ signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  const controller = new AbortController()
  const events = await listen({ signal: controller.signal })
  const waiting = events.next()
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  expect(await events.next()).toEqual({ done: true, value: undefined })
})

test('a worker that listens can be ended, and a process with ref: false ends by itself', async () => {
  await using process_ = await child()
  expect(await process_.call('terminateListener')).toEqual(['listening', 'new'])
  const { pathname } = new URL('./cases/listen.mjs', import.meta.url)
  const { stdout } = await room.lab.exec('host', process.execPath, [pathname])
  expect(stdout).toBe('listening to 3\n')
})

test('without CAP_NET_ADMIN it says what is missing', async () => {
  await using process_ = await child()
  expect(await process_.call('openAsNobody')).toMatchObject({
    name: 'ConntrackError',
    code: 'EPERM',
    hint: expect.stringContaining('CAP_NET_ADMIN'),
  })
})

test.each([
  [{ kind: ['new'] }, 'ERR_INVALID_ARG_VALUE'],
  [{ kinds: 'new' }, 'ERR_INVALID_ARG_TYPE'],
  [{ kinds: [] }, 'ERR_INVALID_ARG_VALUE'],
  [{ kinds: ['created'] }, 'ERR_INVALID_ARG_VALUE'],
  [{ filter: { source: 'nobody' } }, 'ERR_INVALID_ARG_VALUE'],
  [{ addresses: 'number' }, 'ERR_INVALID_ARG_VALUE'],
  [{ reliable: 1 }, 'ERR_INVALID_ARG_TYPE'],
  [{ receiveBufferBytes: 1e6, maxReceiveBufferBytes: 1e5 }, 'ERR_INVALID_ARG_VALUE'],
  [{ maxQueuedEvents: 0 }, 'ERR_INVALID_ARG_VALUE'],
  [{ signal: 'now' }, 'ERR_INVALID_ARG_TYPE'],
  [{ netns: '/run/netns/nobody' }, 'ENOENT'],
])('%o is refused with %s', async (options, code) => {
  await expect(openEvents(options as OpenEventsOptions)).rejects.toMatchObject({ code })
})
