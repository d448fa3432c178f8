import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { formatPending, WaitGroup, type WorkEvent } from '../src/index.js'

describe('pending()', () => {
  test('tells by name and kind what is in flight, oldest first', () => {
    const group = new WaitGroup({ name: 'drain' })
    const child = group.child('http')
    child.guard('upload')
    group.track(new Promise(() => {}))
    child.guard('upload')
    child.go(() => new Promise(() => {}), 'upload')
    group.add(4)
    expect(group.pending().map(({ name, kind, count }) => [name, kind, count])).toEqual(
      expect.arrayContaining([
        ['drain/add()', 'add', 4],
        ['drain/http/upload', 'guard', 2],
        ['drain/http/upload', 'go', 1],
        ['drain/track()', 'track', 1],
      ]),
    )
    const ages = group.pending().map(({ oldestMs }) => oldestMs ?? Number.POSITIVE_INFINITY)
    expect(ages).toEqual(ages.toSorted((a, b) => b - a))
  })

  test('is empty again afterwards', () => {
    const group = new WaitGroup()
    const guards = ['a', 'b', 'c'].map((name) => group.guard(name))
    guards[1]?.done()
    expect(group.pending().map(({ name }) => name)).toEqual(['a', 'c'])
    guards[0]?.done()
    guards[2]?.done()
    expect(group.pending()).toEqual([])
  })
})

test('formatPending() makes one line, of much the first ten', () => {
  const pending = Array.from({ length: 12 }, (_, index) => ({
    name: `job-${index}`,
    kind: 'go' as const,
    count: index === 1 ? 3 : 2 - Math.sign(index),
    oldestMs: index === 2 ? undefined : 1250,
  }))
  expect(formatPending(pending.slice(0, 3))).toBe('2 × job-0 (oldest 1.3 s), 3 × job-1 (oldest 1.3 s), job-2')
  expect(formatPending(pending)).toMatch(/job-9 \(1\.3 s\), and 2 more$/)
  expect(formatPending([])).toBe('')
})

test('util.inspect shows what is in flight', () => {
  const group = new WaitGroup({ name: 'drain' })
  expect(inspect(group)).toBe('WaitGroup drain { size: 0, closed: false, failed: 0, pending: [] }')
  group.add(2)
  expect(inspect(group, { breakLength: Number.POSITIVE_INFINITY })).toBe(
    "WaitGroup drain { size: 2, closed: false, failed: 0, pending: [ { name: 'drain/add()', kind: 'add', count: 2, oldestMs: undefined } ] }",
  )
  expect(inspect(new WaitGroup())).toMatch(/^WaitGroup \{/)
})

test('diagnostics_channel hears of work that begins, ends and fails, and of waits that give up', async () => {
  const heard: [string, unknown][] = []
  const listeners = (['start', 'end', 'error', 'timeout'] as const).map((event) => {
    const listener = (message: unknown) => heard.push([event, message])
    subscribe(`@slatfatf/waitgroup:${event}`, listener)
    return () => unsubscribe(`@slatfatf/waitgroup:${event}`, listener)
  })
  try {
    const group = new WaitGroup({ name: 'jobs' })
    group.guard('one').done()
    await group.go(() => Promise.reject('no'), 'two').catch(() => {})
    group.add()
    const error = await group.wait({ timeoutMs: 0 }).catch((thrown) => thrown)
    const one: WorkEvent = { group: 'jobs', name: 'one', kind: 'guard' }
    const two: WorkEvent = { group: 'jobs', name: 'two', kind: 'go' }
    expect(heard).toEqual([
      ['start', one],
      ['end', one],
      ['start', two],
      ['end', two],
      ['error', { ...two, error: 'no' }],
      ['timeout', error],
    ])
  } finally {
    for (const stop of listeners) stop()
  }
})
