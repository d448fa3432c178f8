import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { EventLoopWatch } from './event-loop-watch.js'

afterEach(() => vi.useRealTimers())

/** What keeps the process alive. */
function keepsAlive(): { timers: number; immediates: number } {
  const active = process.getActiveResourcesInfo()
  const count = (kind: string) => active.filter((name) => name === kind).length
  return { timers: count('Timeout'), immediates: count('Immediate') }
}

test('calls back once in every turn in which something holds, and not in the call that made it so', async () => {
  let holding = 0
  const calls: number[] = []
  const watch = new EventLoopWatch(() => holding)
  watch.start(3, (events) => calls.push(events))
  await nextTurn()
  expect(calls).toEqual([])
  holding = 2
  watch.wake()
  watch.wake()
  expect(calls).toEqual([])
  await nextTurn()
  await nextTurn()
  expect(calls).toEqual([2, 2])
  holding = 4
  await nextTurn()
  watch.wake()
  await nextTurn()
  expect(calls).toEqual([2, 2])
  watch.stop()
})

test('started again, it asks for other events with another callback', async () => {
  const calls: string[] = []
  const watch = new EventLoopWatch(() => 3)
  watch.start(1, (events) => calls.push(`first ${events}`))
  watch.start(2, (events) => calls.push(`second ${events}`))
  await nextTurn()
  watch.stop()
  expect(calls).toEqual(['second 2'])
})

test('a callback that throws hears of the next turn all the same', async () => {
  const thrown: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', (error) => thrown.push(error))
  const watch = new EventLoopWatch(() => 1)
  const calledTwice = new Promise<void>((resolve) => {
    let calls = 0
    watch.start(1, () => {
      calls += 1
      if (calls === 1) throw new Error('the first')
      watch.stop()
      resolve()
    })
  })
  await calledTwice
  for (const listener of listeners) process.on('uncaughtException', listener)
  expect(thrown).toEqual([expect.objectContaining({ message: 'the first' })])
})

test('waiting keeps the process alive until it is stopped or not referenced', () => {
  let holding = 0
  const watch = new EventLoopWatch(() => holding)
  const before = keepsAlive()
  watch.start(1, () => {})
  expect(keepsAlive().timers).toBe(before.timers + 1)
  watch.setRef(false)
  expect(keepsAlive()).toEqual(before)
  holding = 1
  watch.wake()
  expect(keepsAlive()).toEqual(before)
  watch.setRef(true)
  expect(keepsAlive()).toEqual({ timers: before.timers + 1, immediates: before.immediates + 1 })
  watch.stop()
  expect(keepsAlive()).toEqual(before)
})

test('nothing is called after a stop', async () => {
  const callback = vi.fn()
  const watch = new EventLoopWatch(() => 1)
  watch.start(1, callback)
  watch.stop()
  watch.wake()
  await nextTurn()
  expect(callback).not.toHaveBeenCalled()
})

test('packets arrive while a test has stopped the clock', async () => {
  const { setImmediate: turn } = globalThis
  vi.useFakeTimers({
    toFake: ['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout'],
  })
  const callback = vi.fn()
  const watch = new EventLoopWatch(() => 1)
  watch.start(1, callback)
  await new Promise((resolve) => turn(resolve))
  watch.stop()
  expect(callback).toHaveBeenCalled()
})
