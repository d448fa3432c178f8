import { describe, expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'
import { defer, stateOf } from './promise-state.js'

describe('settled()', () => {
  test('waits for what is in flight now, not for what comes later', async () => {
    const group = new WaitGroup()
    const [first, second] = [group.guard(), group.guard()]
    const settled = group.settled()
    const later = group.guard()
    first.done()
    expect(await stateOf(settled)).toBe('pending')
    second.done()
    await settled
    expect(group.size).toBe(1)
    later.done()
  })

  test('is not ended by work that came later and is done earlier', async () => {
    const group = new WaitGroup()
    const first = group.guard()
    const settled = group.settled()
    group.guard().done()
    await group.go(async () => {})
    expect(await stateOf(settled)).toBe('pending')
    first.done()
    await settled
  })

  test('an earlier one never ends after a later one', async () => {
    const group = new WaitGroup()
    const order: number[] = []
    const guards = Array.from({ length: 3 }, (_, index) => {
      const guard = group.guard()
      group.settled().then(() => order.push(index))
      return guard
    })
    const all = group.settled()
    for (const guard of guards.reverse()) guard.done()
    await all
    expect(order).toEqual([0, 1, 2])
  })

  test('waits for what is in flight in children, not for what comes there', async () => {
    const group = new WaitGroup()
    const child = group.child('a').child('b')
    const inside = child.guard()
    const own = group.guard()
    const settled = group.settled()
    const later = child.guard()
    const lateChild = group.child('c').guard()
    inside.done()
    expect(await stateOf(settled)).toBe('pending')
    own.done()
    await settled
    later.done()
    lateChild.done()
  })

  test('with an idle parent and a busy child ends with the child', async () => {
    const group = new WaitGroup()
    const work = defer()
    group.child('child').track(work.promise)
    const settled = group.settled()
    expect(await stateOf(settled)).toBe('pending')
    work.resolve()
    await settled
  })

  test('of add() waits for a moment with none left: it cannot know whose done() it was', async () => {
    const group = new WaitGroup()
    group.add()
    const settled = group.settled()
    group.add()
    group.done()
    expect(await stateOf(settled)).toBe('pending')
    group.done()
    await settled
  })

  test('is not held up by add() of later', async () => {
    const group = new WaitGroup()
    const guard = group.guard()
    const settled = group.settled()
    group.add()
    guard.done()
    await settled
    group.done()
  })

  test("does not care about close() and waitUntil: 'closed'", async () => {
    const group = new WaitGroup({ waitUntil: 'closed' })
    await group.settled()
    const guard = group.guard()
    const settled = group.settled()
    guard.done()
    await settled
  })

  test('does not tell errors of the work', async () => {
    const group = new WaitGroup({ errors: 'collect' })
    const work = defer()
    group.track(work.promise)
    const settled = group.settled()
    work.reject(new Error('failed'))
    await settled
    await expect(group.wait()).rejects.toBeInstanceOf(AggregateError)
  })

  test('one that was given up leaves the next one exact', async () => {
    const group = new WaitGroup()
    const first = group.guard()
    await expect(group.settled({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_WAITGROUP_TIMEOUT' })
    const second = group.guard()
    const controller = new AbortController()
    const middle = group.settled({ signal: controller.signal })
    const settled = group.settled()
    const later = group.guard()
    controller.abort()
    await expect(middle).rejects.toMatchObject({ name: 'AbortError' })
    second.done()
    expect(await stateOf(settled)).toBe('pending')
    first.done()
    await settled
    later.done()
  })
})
