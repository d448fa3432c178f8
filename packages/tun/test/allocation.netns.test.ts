//   namespace a
//   kernel 192.0.2.1/24 --- tun device --- a loop that keeps 128 echo requests going round
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

test('a loop that reads, rewrites and writes batches allocates nothing per packet', async () => {
  // A young generation that outlasts the run: what is allocated is counted, not collected.
  const execArgv = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64']
  const child = await lab.enter('a', new URL('./cases/steady-state.mjs', import.meta.url), { execArgv })
  const { packets, heapBytes } = await child.call<Record<string, number>>('circulate', 500_000)
  expect(packets).toBeGreaterThanOrEqual(500_000)
  // One object per packet would be 16 bytes at the very least.
  expect(heapBytes! / packets!).toBeLessThan(2)
})
