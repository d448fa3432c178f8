import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isWaitGroupError, isWaitTimeoutError, WaitGroup, WaitTimeoutError } from '../src/index.js'
import { stateOf } from './promise-state.js'

describe.each(['wait', 'settled'] as const)('%s()', (method) => {
  test('gives up after timeoutMs, and says what is left', async () => {
    const group = new WaitGroup({ name: 'drain' })
    group.add(2)
    using _guard = group.guard('upload')
    group.child('http').go(() => new Promise(() => {}), 'GET /')
    const error = await group[method]({ timeoutMs: 1 }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(WaitTimeoutError)
    expect(isWaitTimeoutError(error) && isWaitGroupError(error)).toBe(true)
    expect(error).toMatchObject({
      name: 'WaitTimeoutError',
      code: 'ERR_WAITGROUP_TIMEOUT',
      group: 'drain',
      timeoutMs: 1,
      left: [
        { name: 'drain/add()', kind: 'add', count: 2, oldestMs: undefined },
        { name: 'drain/upload', kind: 'guard', count: 1, oldestMs: expect.any(Number) },
        { name: 'drain/http/GET /', kind: 'go', count: 1, oldestMs: expect.any(Number) },
      ],
    })
    expect(error.message).toMatch(
      /^the group drain was not done after 1 ms; left: 2 × drain\/add\(\), drain\/upload \(\d/,
    )
    expect(group.size).toBe(4)
  })

  test('does not give up when there is nothing to wait for', async () => {
    await new WaitGroup()[method]({ timeoutMs: 0 })
  })

  test('rejects with the reason of the signal', async () => {
    const group = new WaitGroup()
    group.add()
    const controller = new AbortController()
    const waiting = group[method]({ signal: controller.signal })
    expect(await stateOf(waiting)).toBe('pending')
    const reason = new Error('no longer')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(group.size).toBe(1)
  })

  test('rejects at once if the signal has aborted before, also with nothing in flight', async () => {
    const reason = new Error('too late')
    await expect(new WaitGroup()[method]({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('one that is given up leaves the others waiting', async () => {
    const group = new WaitGroup()
    group.add()
    const patient = group[method]()
    await expect(group[method]({ timeoutMs: 0 })).rejects.toBeInstanceOf(WaitTimeoutError)
    expect(await stateOf(patient)).toBe('pending')
    group.done()
    await patient
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 31])('refuses timeoutMs %d', (timeoutMs) => {
    expect(() => new WaitGroup()[method]({ timeoutMs })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    )
  })

  test('refuses what is spelled wrong or of the wrong type', () => {
    const group = new WaitGroup()
    expect(() => group[method]({ timeout: 5 } as never)).toThrow(RangeError)
    expect(() => group[method]({ timeoutMs: '5' } as never)).toThrow(TypeError)
    expect(() => group[method]({ signal: new AbortController() } as never)).toThrow(TypeError)
    expect(() => group[method](null as never)).toThrow(TypeError)
  })

  describe('leaves nothing behind', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    test('no timer and no listener, however it ends', async () => {
      const group = new WaitGroup()
      const { signal, abort, listeners } = observedSignal()
      const options = { signal, timeoutMs: 1000 }
      await group[method](options)
      expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
      group.add()
      const done = group[method](options)
      expect([vi.getTimerCount(), listeners()]).toEqual([1, 1])
      group.done()
      await done
      expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
      group.add()
      const late = group[method](options)
      vi.advanceTimersByTime(1000)
      await expect(late).rejects.toBeInstanceOf(WaitTimeoutError)
      expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
      const stopped = group[method](options)
      abort()
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  test('many on one signal are one listener: Node warns of a leak at eleven', async () => {
    const { signal, abort, listeners } = observedSignal()
    const groups = Array.from({ length: 20 }, () => new WaitGroup())
    const waits = groups.flatMap((group) => {
      group.add()
      return [group[method]({ signal }), group[method]({ signal })]
    })
    expect(listeners()).toBe(1)
    groups[0]?.done()
    await Promise.all(waits.slice(0, 2))
    expect(listeners()).toBe(1)
    abort()
    const rest = await Promise.allSettled(waits.slice(2))
    expect(rest.every(({ status }) => status === 'rejected')).toBe(true)
  })
})

function observedSignal() {
  const controller = new AbortController()
  const { signal } = controller
  const seen = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    seen.add(args[1])
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    seen.delete(args[1])
    removeEventListener.apply(signal, args)
  }
  return { signal, abort: () => controller.abort(), listeners: () => seen.size }
}
