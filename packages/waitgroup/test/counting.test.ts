import { describe, expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'
import { stateOf } from './promise-state.js'

describe('add() and done()', () => {
  test('a wait ends when as much is done as was added', async () => {
    const group = new WaitGroup()
    group.add(3)
    const waiting = group.wait()
    group.done()
    group.done()
    expect(group.size).toBe(1)
    expect(await stateOf(waiting)).toBe('pending')
    group.done()
    expect(group.size).toBe(0)
    await waiting
  })

  test('several are done at once', () => {
    const group = new WaitGroup()
    group.add(3)
    group.done(2)
    expect(group.size).toBe(1)
  })

  test('a group that never had anything is empty', async () => {
    await new WaitGroup().wait()
  })

  test('adding nothing, as for an empty list, and doing nothing are fine', async () => {
    const group = new WaitGroup()
    group.add(0)
    group.done(0)
    await group.wait()
    group.add(2)
    const waiting = group.wait()
    group.done(0)
    expect(await stateOf(waiting)).toBe('pending')
  })

  test('a group is used again after it was empty', async () => {
    const group = new WaitGroup()
    for (let round = 0; round < 3; round += 1) {
      group.add()
      const waiting = group.wait()
      expect(await stateOf(waiting)).toBe('pending')
      group.done()
      await waiting
    }
  })

  test('all waits end together, also those of an earlier turn', async () => {
    const group = new WaitGroup()
    group.add()
    const first = group.wait()
    expect(await stateOf(first)).toBe('pending')
    const others = [group.wait(), group.wait({ timeoutMs: 30_000 })]
    group.done()
    await Promise.all([first, ...others])
  })

  test('a wait ends although more is added in the same breath', async () => {
    const group = new WaitGroup()
    group.add()
    const waiting = group.wait()
    group.done()
    group.add()
    await waiting
    expect(group.size).toBe(1)
  })

  test('waiters that add when they continue do not hold up each other', async () => {
    const group = new WaitGroup()
    group.add()
    const waits = Array.from({ length: 5 }, () => group.wait().then(() => group.add()))
    group.done()
    await Promise.all(waits)
    expect(group.size).toBe(5)
    const next = group.wait()
    group.done(5)
    await next
  })
})

describe('done() that nobody added for', () => {
  test('throws before it has changed anything, so that later waits still end', async () => {
    const group = new WaitGroup({ name: 'jobs' })
    group.add()
    const waiting = group.wait()
    expect(() => group.done(2)).toThrow(
      expect.objectContaining({ name: 'WaitGroupError', code: 'ERR_WAITGROUP_NEGATIVE', group: 'jobs' }),
    )
    expect(group.size).toBe(1)
    expect(await stateOf(waiting)).toBe('pending')
    group.done()
    await waiting
    expect(() => group.done()).toThrow(expect.objectContaining({ code: 'ERR_WAITGROUP_NEGATIVE' }))
    group.add()
    const later = group.wait()
    group.done()
    await later
  })

  test('does not end the work of others', () => {
    const group = new WaitGroup()
    const guard = group.guard()
    expect(() => group.done()).toThrow(expect.objectContaining({ code: 'ERR_WAITGROUP_NEGATIVE' }))
    expect(guard.isDone).toBe(false)
    expect(group.size).toBe(1)
    guard.done()
  })

  test('does not reach into a child, and a child not into its parent', () => {
    const group = new WaitGroup()
    const child = group.child('child')
    child.add()
    expect(() => group.done()).toThrow(expect.objectContaining({ code: 'ERR_WAITGROUP_NEGATIVE' }))
    group.add()
    child.done()
    expect(() => child.done()).toThrow(expect.objectContaining({ code: 'ERR_WAITGROUP_NEGATIVE' }))
  })
})

describe.each(['add', 'done'] as const)('%s()', (method) => {
  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'refuses %d and counts nothing',
    (n) => {
      const group = new WaitGroup()
      group.add(5)
      expect(() => group[method](n)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
      expect(group.size).toBe(5)
    },
  )

  test.each(['1', null, true, 1n])('refuses %s, which is no number', (n) => {
    const group = new WaitGroup()
    group.add(5)
    expect(() => group[method](n as never)).toThrow(TypeError)
    expect(group.size).toBe(5)
  })
})

test('a count never grows beyond what a number can hold exactly', () => {
  const group = new WaitGroup()
  group.add(Number.MAX_SAFE_INTEGER)
  expect(() => group.add()).toThrow(RangeError)
  group.done(Number.MAX_SAFE_INTEGER)
  expect(group.size).toBe(0)
})
