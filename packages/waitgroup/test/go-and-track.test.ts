import { describe, expect, test } from 'vitest'
import { WaitGroup } from '../src/index.js'
import { defer, stateOf, turn } from './promise-state.js'

describe('go()', () => {
  test('counts before the function runs, so that a wait in between cannot miss it', async () => {
    const group = new WaitGroup()
    let sizeInside = 0
    const work = defer()
    group.go(() => {
      sizeInside = group.size
      return work.promise
    })
    expect(sizeInside).toBe(1)
    const waiting = group.wait()
    expect(await stateOf(waiting)).toBe('pending')
    work.resolve()
    await waiting
  })

  test('returns the promise of the function', async () => {
    const group = new WaitGroup()
    const promise = Promise.resolve('value')
    expect(group.go(() => promise)).toBe(promise)
    expect(await group.go(async () => 7)).toBe(7)
    expect(await group.go(() => 'not a promise')).toBe('not a promise')
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
    expect(await group.go(() => ({ then: (resolve: (value: number) => void) => resolve(8) }))).toBe(8)
  })

  test('whoever awaits the promise finds the work no longer counted', async () => {
    const group = new WaitGroup()
    await group.go(async () => {
      await turn()
    })
    expect(group.size).toBe(0)
    await group.go(() => Promise.reject(new Error('failed'))).catch(() => {})
    expect(group.size).toBe(0)
  })

  test('a function that throws is a function that failed', async () => {
    const group = new WaitGroup()
    const error = new Error('at once')
    await expect(
      group.go(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(group.size).toBe(0)
    expect(group.failed).toBe(1)
    await group.wait()
  })

  test('a function that throws lets the other work be', async () => {
    const group = new WaitGroup()
    const work = defer()
    group.go(() => work.promise)
    group.go(() => {
      throw new Error('at once')
    })
    const waiting = group.wait()
    expect(await stateOf(waiting)).toBe('pending')
    work.resolve()
    await waiting
  })

  test('work may start more work', async () => {
    const group = new WaitGroup()
    const inner = defer()
    group.go(async () => {
      await turn()
      group.go(() => inner.promise, 'inner')
    })
    const waiting = group.wait()
    await turn()
    await turn()
    expect(group.pending()).toMatchObject([{ name: 'inner' }])
    expect(await stateOf(waiting)).toBe('pending')
    inner.resolve()
    await waiting
  })

  test('gives the function the signal of the group', async () => {
    const group = new WaitGroup()
    const reason = new Error('stop')
    const stopped = group.go(
      (signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve(signal.reason), { once: true }),
        ),
    )
    group.abort(reason)
    expect(await stopped).toBe(reason)
  })

  test('refuses what is no function, and counts nothing', () => {
    const group = new WaitGroup()
    expect(() => group.go(Promise.resolve() as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
    expect(() => group.go(() => {}, '')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
    expect(() => group.go(() => {}, 7 as never)).toThrow(TypeError)
    expect(group.size).toBe(0)
  })
})

describe('track()', () => {
  test('counts a promise until it has settled, and returns it as it is', async () => {
    const group = new WaitGroup()
    const good = defer<number>()
    const bad = defer()
    expect(group.track(good.promise)).toBe(good.promise)
    group.track(bad.promise, 'bad')
    expect(group.size).toBe(2)
    good.resolve(1)
    bad.reject(new Error('failed'))
    await group.wait()
    expect(group.failed).toBe(1)
  })

  test('takes anything with a then, also one that throws', async () => {
    const group = new WaitGroup()
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
      then(): never {
        throw new Error('no')
      },
    }
    expect(group.track(thenable)).toBe(thenable)
    await group.wait()
    expect(group.failed).toBe(1)
  })

  test('the same promise twice counts twice', async () => {
    const group = new WaitGroup()
    const work = defer()
    group.track(work.promise)
    group.track(work.promise)
    expect(group.size).toBe(2)
    work.resolve()
    await group.wait()
  })

  test.each([undefined, null, 7, 'then', {}, () => {}])('refuses %s', (value) => {
    const group = new WaitGroup()
    expect(() => group.track(value as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
    expect(group.size).toBe(0)
  })
})
