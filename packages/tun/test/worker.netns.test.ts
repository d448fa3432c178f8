//   namespace a: a process with workers, each with its own tun device 192.0.2.1/24
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

// A handle that is still open when its environment ends aborts the whole process.
test.each(['idle', 'watching', 'waiting', 'calling', 'computing'])(
  'a worker terminated while %s leaves the process alive, no device and no descriptor',
  async (mode) => {
    const child = await lab.enter('a', new URL('./cases/worker-terminate.mjs', import.meta.url))
    expect(await child.call('terminate', mode, 20)).toEqual({ devices: 0, descriptors: 0 })
    await child.close()
  },
)
