import { describe, expect, test } from 'vitest'
import { type FailedWork, WaitGroup } from '../src/index.js'
import { defer, stateOf, turn } from './promise-state.js'

const fail = (message: string) => () => Promise.reject(new Error(message))

describe("errors: 'ignore'", () => {
  test('a failure counts as done, and is told by the promise, onError and failed', async () => {
    const told: [unknown, FailedWork][] = []
    const group = new WaitGroup({ onError: (error, work) => told.push([error, work]) })
    const promise = group.go(fail('one'), 'first')
    group.track(Promise.reject('two'))
    await group.wait()
    await expect(promise).rejects.toThrow('one')
    expect(group.failed).toBe(2)
    expect(told).toEqual([
      [new Error('one'), { name: 'first', kind: 'go' }],
      ['two', { name: undefined, kind: 'track' }],
    ])
  })
})

describe("errors: 'collect'", () => {
  test('the next wait rejects with all of them, and later ones do not again', async () => {
    const group = new WaitGroup({ errors: 'collect', name: 'jobs' })
    group.go(fail('one'))
    group.go(async () => {})
    group.go(fail('two'))
    const waits = await Promise.allSettled([group.wait(), group.wait()])
    const [first, second] = waits.map((wait) => (wait.status === 'rejected' ? wait.reason : undefined))
    expect(first).toBeInstanceOf(AggregateError)
    expect(first).toMatchObject({
      message: '2 failed in jobs',
      errors: [{ message: 'one' }, { message: 'two' }],
    })
    expect(second).toBe(first)
    await group.wait()
    group.go(fail('three'))
    await expect(group.wait()).rejects.toMatchObject({ errors: [{ message: 'three' }] })
  })

  test('waits until all has ended', async () => {
    const group = new WaitGroup({ errors: 'collect' })
    const work = defer()
    group.track(work.promise)
    group.go(fail('one'))
    const waiting = group.wait()
    expect(await stateOf(waiting)).toBe('pending')
    work.resolve()
    await expect(waiting).rejects.toMatchObject({ errors: [{ message: 'one' }] })
  })

  test('a wait that gives up leaves the errors to the next one', async () => {
    const group = new WaitGroup({ errors: 'collect' })
    const work = defer()
    group.track(work.promise)
    await group.go(fail('one')).catch(() => {})
    await expect(group.wait({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_WAITGROUP_TIMEOUT' })
    work.resolve()
    await expect(group.wait()).rejects.toMatchObject({ errors: [{ message: 'one' }] })
  })

  test('what is thrown at once, and what is no Error, is collected too', async () => {
    const group = new WaitGroup({ errors: 'collect' })
    group.go(() => {
      throw undefined
    })
    group.go(() => Promise.reject(null))
    await expect(group.wait()).rejects.toMatchObject({ errors: [undefined, null] })
  })
})

describe("errors: 'first'", () => {
  test('the first error aborts the signal, and every wait rejects with it', async () => {
    const group = new WaitGroup({ errors: 'first' })
    const stopped = group.go(
      (signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }),
        ),
    )
    const waiting = group.wait()
    group.go(fail('one'))
    await expect(waiting).rejects.toThrow('one')
    await expect(stopped).rejects.toThrow('stopped')
    expect(group.signal.reason).toMatchObject({ message: 'one' })
    await expect(group.wait()).rejects.toThrow('one')
    group.go(fail('much later'))
    await expect(group.wait()).rejects.toThrow('one')
  })

  test('waits until those that do not listen have ended', async () => {
    const group = new WaitGroup({ errors: 'first' })
    const deaf = defer()
    group.track(deaf.promise)
    group.go(fail('one'))
    const waiting = group.wait()
    expect(await stateOf(waiting)).toBe('pending')
    deaf.resolve()
    await expect(waiting).rejects.toThrow('one')
  })

  test('an error that is undefined is one too', async () => {
    const group = new WaitGroup({ errors: 'first' })
    group.go(() => Promise.reject(undefined))
    await expect(group.wait()).rejects.toBeUndefined()
    expect(group.signal.aborted).toBe(true)
  })
})

describe('onError', () => {
  test('finds the work no longer counted', async () => {
    const sizes: number[] = []
    const group: WaitGroup = new WaitGroup({ onError: () => sizes.push(group.size) })
    group.go(fail('one'))
    await turn()
    expect(sizes).toEqual([0])
  })

  test('may start more work', async () => {
    let attempts = 0
    const attempt = async () => {
      attempts += 1
      if (attempts < 3) throw new Error('again')
    }
    const group: WaitGroup = new WaitGroup({ onError: () => void group.go(attempt) })
    await group.go(attempt).catch(() => {})
    await group.settled()
    await group.wait()
    expect(attempts).toBe(3)
  })
})
