import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer, type Server } from 'node:net'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.js'
import { openDrain } from './drain.js'

function opened(options = {}) {
  const clock = new ManualClock()
  return { clock, drain: openDrain({ timeoutMs: 10_000, politeMs: 8_000, environment: clock, ...options }) }
}

test('with nothing to do the drain is over at once, and leaves no timer', async () => {
  const { drain, clock } = opened()
  expect(await drain.start({ reason: 'SIGTERM' })).toEqual({
    clean: true,
    reason: 'SIGTERM',
    durationMs: 0,
    phases: [
      { name: 'stop', durationMs: 0 },
      { name: 'polite', durationMs: 0 },
    ],
    cut: [],
    left: [],
    pending: [],
    failures: [],
    handedOver: 0,
  })
  expect(clock.waiting).toBe(0)
  expect(drain.status().state).toBe('drained')
})

test('a second start joins the first', async () => {
  const { drain, clock } = opened()
  drain.group.add()
  const first = drain.start({ reason: 'first' })
  const second = drain.start({ reason: 'second' })
  clock.advance(10_000)
  expect(await second).toBe(await first)
  expect((await first).reason).toBe('first')
})

test('work of the group holds the polite phase, also what begins while it waits', async () => {
  const { drain } = opened()
  const first = drain.group.guard('first')
  const report = drain.start()
  const second = drain.group.guard('second')
  first.done()
  await new Promise((resolve) => setImmediate(resolve))
  expect(drain.status()).toMatchObject({ state: 'draining', left: [{ name: 'second' }] })
  second.done()
  expect(await report).toMatchObject({ clean: true, left: [] })
  expect(() => drain.group.add()).toThrow(expect.objectContaining({ code: 'ERR_WAITGROUP_CLOSED' }))
})

test('work that is not done at the bound is named in the report', async () => {
  const { drain, clock } = opened()
  drain.group.guard('upload')
  const report = drain.start()
  clock.advance(8_000)
  expect(drain.group.signal.aborted).toBe(true)
  clock.advance(2_000)
  const { clean, left, phases, durationMs } = await report
  expect({ clean, durationMs }).toEqual({ clean: false, durationMs: 10_000 })
  expect(left).toMatchObject([{ name: 'upload' }])
  expect(phases).toEqual([
    { name: 'stop', durationMs: 0 },
    { name: 'polite', durationMs: 8_000 },
    { name: 'forced', durationMs: 2_000 },
  ])
})

test('work that ends when the polite phase does is not left, but the drain was not clean', async () => {
  const { drain, clock } = opened()
  void drain.group
    .go((signal) => new Promise((resolve) => signal.addEventListener('abort', resolve)), 'poll')
    .catch(() => {})
  const report = drain.start()
  clock.advance(8_000)
  expect(await report).toMatchObject({ clean: false, left: [], durationMs: 8_000 })
})

test('hooks run in their phases, and the polite one is waited for', async () => {
  const { drain } = opened()
  const calls: string[] = []
  let finish: () => void = () => {}
  drain.hook('queue', {
    stop: () => void calls.push('stop'),
    polite: () => {
      calls.push('polite')
      return new Promise((resolve) => {
        finish = resolve
      })
    },
    forced: () => void calls.push('forced'),
  })
  drain.stopAccepting()
  expect(calls).toEqual([])
  const report = drain.start()
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toEqual(['stop', 'polite'])
  finish()
  expect(await report).toMatchObject({ clean: true, failures: [] })
  expect(calls).toEqual(['stop', 'polite'])
})

test('a hook that can resume is stopped with the servers, and resumed with them', async () => {
  const { drain } = opened()
  const calls: string[] = []
  drain.hook('queue', { stop: () => void calls.push('stop'), resume: () => void calls.push('resume') })
  drain.stopAccepting()
  drain.stopAccepting()
  await drain.resumeAccepting()
  await drain.resumeAccepting()
  expect(calls).toEqual(['stop', 'resume'])
  await drain.start()
  expect(calls).toEqual(['stop', 'resume', 'stop'])
})

test('hooks that throw or hang are reported, with what they say is pending', async () => {
  const { drain, clock } = opened()
  const failure = new Error('no broker')
  const signals: AbortSignal[] = []
  drain.hook('broken', { polite: () => Promise.reject(failure) })
  drain.hook('hung', {
    polite: ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    },
    pending: () => ['job 7'],
  })
  const report = drain.start()
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(8_000)
  expect(signals[0]!.aborted).toBe(true)
  clock.advance(2_000)
  expect(await report).toMatchObject({
    clean: false,
    pending: [{ name: 'hung', what: ['job 7'] }],
    failures: [
      { name: 'broken', phase: 'polite', error: failure },
      { name: 'hung', phase: 'polite' },
    ],
  })
})

test('a hook whose wait is ended by its signal has not failed', async () => {
  const { drain, clock } = opened()
  drain.hook('sessions', {
    polite: ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  const report = drain.start()
  clock.advance(8_000)
  expect(await report).toMatchObject({ clean: false, failures: [] })
})

test('shorten brings the forced phase nearer, never farther', async () => {
  const { drain, clock } = opened()
  drain.group.guard('job')
  const report = drain.start()
  clock.advance(7_900)
  drain.shorten(5_000)
  clock.advance(100)
  expect(drain.group.signal.aborted).toBe(true)
  drain.kill()
  expect(await report).toMatchObject({ durationMs: 8_000, left: [{ name: 'job' }] })
})

test('a signal ends the polite phase', async () => {
  const { drain, clock } = opened()
  drain.group.guard('job')
  const stop = new AbortController()
  const report = drain.start({ signal: stop.signal })
  clock.advance(1_000)
  stop.abort()
  clock.advance(9_000)
  expect((await report).phases).toMatchObject([
    { name: 'stop' },
    { name: 'polite', durationMs: 1_000 },
    { name: 'forced', durationMs: 9_000 },
  ])
})

test('what is registered while the drain begins is started once', async () => {
  const { drain } = opened()
  const calls: string[] = []
  const late = (name: string) => () => drain.hook(name, { polite: () => void calls.push(name) })
  drain.signal.addEventListener('abort', late('by the signal'))
  drain.hook('first', { stop: late('by a stop'), polite: late('by a hook') })
  expect(await drain.start()).toMatchObject({ clean: true })
  expect(calls.toSorted()).toEqual(['by a hook', 'by a stop', 'by the signal'])
})

test('a drain that is killed by who hears of its beginning ends, and leaves no timer', async () => {
  for (const phase of ['stop', 'polite', 'signal']) {
    const { drain, clock } = opened()
    drain.hook('other', { polite: () => new Promise(() => {}) })
    const kill = (heard: unknown) => {
      if ((heard as { phase?: string }).phase === phase) drain.kill()
    }
    if (phase === 'signal') drain.signal.addEventListener('abort', () => drain.kill())
    subscribe('@slatfatf/restart:drain', kill)
    try {
      expect(await drain.start()).toMatchObject({ durationMs: 0 })
    } finally {
      unsubscribe('@slatfatf/restart:drain', kill)
    }
    expect(clock.waiting).toBe(0)
    expect(drain.status().state).toBe('drained')
  }
})

test('a hook that is resumed while it still stops is not left stopped', async () => {
  const { drain } = opened()
  const calls: string[] = []
  let stopped = () => {}
  drain.hook('queue', {
    stop: async () => {
      await new Promise<void>((resolve) => {
        stopped = resolve
      })
      calls.push('stopped')
    },
    resume: () => void calls.push('resumed'),
  })
  drain.stopAccepting()
  const resumed = drain.resumeAccepting()
  await new Promise((resolve) => setImmediate(resolve))
  stopped()
  await resumed
  expect(calls).toEqual(['stopped', 'resumed'])
})

test('a stop that began before the drain is waited for, and its failure is in the report', async () => {
  const { drain } = opened()
  let fail: (error: Error) => void = () => {}
  drain.hook('queue', {
    stop: () =>
      new Promise((_resolve, reject) => {
        fail = reject
      }),
    resume: () => {},
  })
  drain.stopAccepting()
  const report = drain.start()
  await new Promise((resolve) => setImmediate(resolve))
  expect(drain.status()).toMatchObject({ state: 'draining', open: [{ name: 'queue' }] })
  const error = new Error('no broker')
  fail(error)
  expect(await report).toMatchObject({ clean: false, failures: [{ name: 'queue', phase: 'stop', error }] })
})

test('a hook may kill the drain that calls it', async () => {
  const { drain, clock } = opened()
  drain.hook('impatient', { polite: () => drain.kill() })
  drain.hook('other', { polite: () => new Promise(() => {}) })
  expect(await drain.start()).toMatchObject({ durationMs: 0 })
  expect(clock.waiting).toBe(0)
})

test('the drain announces its phases and fires its signal', async () => {
  const { drain, clock } = opened()
  const heard: unknown[] = []
  const listen = (message: unknown) => heard.push(message)
  subscribe('@slatfatf/restart:drain', listen)
  try {
    drain.group.guard('job')
    expect(drain.signal.aborted).toBe(false)
    const report = drain.start({ reason: 'test' })
    expect(drain.signal.aborted).toBe(true)
    clock.advance(10_000)
    await report
  } finally {
    unsubscribe('@slatfatf/restart:drain', listen)
  }
  expect(heard).toEqual(['stop', 'polite', 'forced'].map((phase) => ({ drain, phase, reason: 'test' })))
})

test('await using drains', async () => {
  const calls: string[] = []
  {
    await using drain = openDrain()
    drain.hook('queue', { polite: () => void calls.push('polite') })
  }
  expect(calls).toEqual(['polite'])
})

test.each([
  [() => openDrain({ timeoutMs: -1 }), 'ERR_INVALID_ARG_VALUE'],
  [() => openDrain({ timeoutMs: 10, politeMs: 11 }), 'ERR_INVALID_ARG_VALUE'],
  [() => openDrain({ timeout: 10 } as object), 'ERR_INVALID_ARG_VALUE'],
  [() => openDrain().http('', createHttpServer()), 'ERR_INVALID_ARG_VALUE'],
  [() => openDrain().http('a', createServer() as never), 'ERR_INVALID_ARG_TYPE'],
  [() => openDrain().http('a', createHttp2Server() as never), 'ERR_INVALID_ARG_TYPE'],
  [() => openDrain().http2('a', createHttpServer() as never), 'ERR_INVALID_ARG_TYPE'],
  [() => openDrain().http('a', createHttpServer(), { linger: 1 } as object), 'ERR_INVALID_ARG_VALUE'],
  [() => openDrain().webSocket('a', createHttpServer() as never), 'ERR_INVALID_ARG_TYPE'],
  [() => openDrain().net('a', createServer(), { polite: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
  [() => openDrain().hook('a', { politely() {} } as object), 'ERR_INVALID_ARG_VALUE'],
])('wrong use %# is refused: %s', (call, code) => {
  expect(call).toThrow(expect.objectContaining({ code }))
})

test('two servers of one kind cannot have one name', () => {
  const { drain } = opened()
  drain.http('web', createHttpServer())
  drain.net('web', createServer())
  expect(() => drain.http('web', createHttpServer())).toThrow(/no other http part/)
})

test('no listener is left on a server after the drain', async () => {
  const { drain } = opened()
  const servers = {
    http: createHttpServer(),
    handOver: createHttpServer(),
    http2: createHttp2Server(),
    net: createServer(),
  }
  const count = (server: Server) =>
    server.eventNames().map((name) => [name, server.listenerCount(name)] as const)
  const before = Object.values(servers).map(count)
  drain.http('http', servers.http)
  drain.http('handOver', servers.handOver, { handOver: true })
  drain.http2('http2', servers.http2)
  drain.net('net', servers.net)
  servers.http.on('upgrade', () => {})
  servers.http.removeAllListeners('upgrade')
  await drain.start()
  expect(Object.values(servers).map(count)).toEqual(before)
})
