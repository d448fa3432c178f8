//   namespace a
//   ping 192.0.2.2, 192.0.2.3, … --- tun device 192.0.2.1/24 ==== two threads of examples/worker-per-queue.mjs
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

const example = new URL('../examples/worker-per-queue.mjs', import.meta.url)

test('each thread answers what comes to its queue, and the counts are told at the end', async () => {
  const responder = lab.spawn('a', process.execPath, [example.pathname, '2'])
  await responder.waitForOutput(/answering on tun0 with 2 threads/)
  // The kernel spreads by address here: ICMP has no ports.
  const pings = 'for i in $(seq 2 25); do ping -q -c 1 -W 5 192.0.2.$i & done; wait'
  const { stdout } = await lab.exec('a', 'sh', ['-c', pings])
  expect(stdout.match(/ 1 received/g)).toHaveLength(24)
  expect(await responder.stop('SIGINT')).toEqual({ code: 0, signal: null })
  const answered = [...responder.stdout.matchAll(/^queue (\d) answered (\d+)$/gm)]
  expect(answered.map(([, queue]) => queue)).toEqual(['0', '1'])
  const counts = answered.map(([, , packets]) => Number(packets))
  expect(counts).not.toContain(0)
  expect(counts[0]! + counts[1]!).toBe(24)
  expect(await lab.ip('a', 'link', 'show')).not.toContain('tun0')
})
