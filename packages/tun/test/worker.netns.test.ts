//   namespace a: a process with workers, each with its own tun device 192.0.2.1/24
import type { Lab, NetnsChild } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab
let child: NetnsChild

beforeAll(async () => {
  lab = await createTunLab()
  child = await lab.enter('a', new URL('./cases/worker-terminate.mjs', import.meta.url), {
    timeoutMs: 30_000,
  })
})
afterAll(() => lab?.close())

// A handle that is still open when its environment ends aborts the whole process.
describe.each(['off', 'raw', 'split'])('offload %s', (offload) => {
  test.each([
    'idle',
    'watching',
    'waiting',
    'iterating in vain',
    'calling',
    'computing',
    'reading',
    'writing',
    'waiting for room',
    'going round',
    'iterating',
  ])('a worker terminated while %s leaves the process alive, no device and no descriptor', async (mode) => {
    const rounds = offload === 'off' ? 5 : 1
    expect(await child.call('terminate', mode, rounds, offload)).toEqual({ devices: 0, descriptors: 0 })
  })
})

test('the process that had all those workers ends by itself, with status 0', async () => {
  await child.close()
  expect(await child.exited).toMatchObject({ code: 0, signal: null })
})
