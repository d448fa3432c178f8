import { describe, expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'
import { defer, stateOf } from './promise-state.js'

const closed = expect.objectContaining({ name: 'WaitGroupError', code: 'ERR_WAITGROUP_CLOSED' })

describe('a closed group', () => {
  test('refuses work before it has begun', () => {
    const group = new WaitGroup()
    group.close()
    let ran = false
    expect(() =>
      group.go(() => {
        ran = true
      }),
    ).toThrow(closed)
    expect(ran).toBe(false)
    expect(() => group.add()).toThrow(closed)
    expect(() => group.track(Promise.resolve())).toThrow(closed)
    expect(() => group.guard()).toThrow(closed)
    expect(() => group.child('child')).toThrow(closed)
    expect(group.size).toBe(0)
    expect(group.closed).toBe(true)
  })

  test('lets what is in flight end', async () => {
    const group = new WaitGroup()
    group.add()
    const work = defer()
    group.track(work.promise)
    group.close()
    group.close()
    const waiting = group.wait()
    group.done()
    expect(await stateOf(waiting)).toBe('pending')
    work.resolve()
    await waiting
  })

  test('has closed its children, also those that are idle or come and go', () => {
    const group = new WaitGroup()
    const idle = group.child('idle')
    const busy = group.child('busy')
    const grandchild = busy.child('grandchild')
    grandchild.add()
    group.close()
    for (const child of [idle, busy, grandchild]) {
      expect(child.closed).toBe(true)
      expect(() => child.add()).toThrow(closed)
    }
    grandchild.done()
    expect(() => grandchild.add()).toThrow(closed)
  })

  test('of a parent that is open has closed itself only', () => {
    const group = new WaitGroup()
    const child = group.child('child')
    child.close()
    expect(group.closed).toBe(false)
    group.add()
    expect(() => child.add()).toThrow(closed)
  })
})

describe("waitUntil: 'closed'", () => {
  test('a wait outlasts idle moments, before the first work and between others', async () => {
    const group = new WaitGroup({ waitUntil: 'closed' })
    const waiting = group.wait()
    expect(await stateOf(waiting)).toBe('pending')
    group.add()
    group.done()
    expect(await stateOf(waiting)).toBe('pending')
    group.add()
    group.close()
    expect(await stateOf(waiting)).toBe('pending')
    group.done()
    await waiting
  })

  test('closing an empty group ends the waits', async () => {
    const group = new WaitGroup({ waitUntil: 'closed' })
    const waits = [group.wait(), group.wait()]
    group.close()
    await Promise.all(waits)
    await group.wait()
  })

  test('a child that is idle hears of it when its parent closes', async () => {
    const group = new WaitGroup()
    const child = group.child('child').child('grandchild', { waitUntil: 'closed' })
    const waiting = child.wait()
    expect(await stateOf(waiting)).toBe('pending')
    group.close()
    await waiting
  })

  test('a timeout with nothing in flight says what is missing', async () => {
    const group = new WaitGroup({ waitUntil: 'closed' })
    await expect(group.wait({ timeoutMs: 0 })).rejects.toMatchObject({
      code: 'ERR_WAITGROUP_TIMEOUT',
      left: [],
      hint: expect.stringContaining('close()'),
    })
  })
})

describe('await using', () => {
  test('closes and waits at the end of the scope', async () => {
    const order: string[] = []
    const work = defer()
    const scope = async () => {
      await using group = new WaitGroup()
      group.go(() => work.promise.then(() => order.push('work')))
    }
    const ended = scope().then(() => order.push('scope'))
    expect(await stateOf(ended)).toBe('pending')
    work.resolve()
    await ended
    expect(order).toEqual(['work', 'scope'])
  })

  test('gives up after disposeTimeoutMs, tells what is left and asks it to stop', async () => {
    let signal: AbortSignal | undefined
    const scope = async () => {
      await using group = new WaitGroup({ disposeTimeoutMs: 1 })
      signal = group.signal
      group.go(() => new Promise(() => {}), 'stuck')
    }
    const error = await scope().catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_WAITGROUP_TIMEOUT', left: [{ name: 'stuck', count: 1 }] })
    expect(signal?.reason).toBe(error)
  })

  test('rejects with the errors of the work', async () => {
    const scope = async () => {
      await using group = new WaitGroup({ errors: 'collect' })
      group.go(() => Promise.reject(new Error('one')))
    }
    await expect(scope()).rejects.toMatchObject({ errors: [{ message: 'one' }] })
  })
})
