import { EventEmitter } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { createCounterMemory } from '../observe/counters.js'
import type { WorkerSettings } from './messages.js'
import { ForwardingWorker } from './worker-handle.js'

const threads: EventEmitter[] = []

vi.mock('node:worker_threads', () => ({
  Worker: class extends EventEmitter {
    constructor() {
      super()
      threads.push(this)
    }
  },
}))

const settings: WorkerSettings = {
  device: 'fish0',
  offload: 'auto',
  slices: [],
  mark: 1,
  flows: 1,
  limits: {} as never,
  timeouts: {} as never,
  counters: createCounterMemory(),
}

function attach(...event: [string, ...unknown[]]): Promise<ForwardingWorker> {
  const attached = ForwardingWorker.attach(settings)
  const [name, ...values] = event
  threads.at(-1)!.emit(name, ...values)
  return attached
}

it('rejects when the thread exits without a word', async () => {
  await expect(attach('exit', 1)).rejects.toMatchObject({ name: 'WorkerError', code: 'ERR_WORKER_EXITED' })
})

it('rejects when the thread crashes before its first word', async () => {
  const cause = new Error('out of memory')
  await expect(attach('error', cause)).rejects.toMatchObject({ code: 'ERR_WORKER_CRASHED', cause })
})

it('rejects with the code the thread tells', async () => {
  const failed = { type: 'failed', code: 'EBUSY', message: 'held', hint: 'stop the other' }
  await expect(attach('message', failed)).rejects.toMatchObject({ code: 'EBUSY', hint: 'stop the other' })
})

it('once attached, tells of the end of the thread', async () => {
  const worker = await attach('message', { type: 'attached', offload: 'raw' })
  expect(worker.offload).toBe('raw')
  const failed = expect(worker.failed).rejects.toMatchObject({ code: 'EBADFD' })
  threads.at(-1)!.emit('message', { type: 'failed', code: 'EBADFD', message: 'deleted' })
  await failed
  await nextTurn()
  expect(threads.at(-1)!.listenerCount('message')).toBe(1)
})
