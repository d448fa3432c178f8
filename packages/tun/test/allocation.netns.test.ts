//   namespace a
//   kernel 192.0.2.1/24 --- tun device --- a loop that keeps 128 echo requests going round
//   kernel, forwarding  --- tun device --- a loop that keeps 240 datagrams going round
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TunCounters } from '../src/index.js'
import { createTunLab } from './tun-lab.js'

interface Circulation {
  read: number
  collections: number
  heapBytes: number
  residentBytes: number
  counters: TunCounters
}

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
  await lab.sysctl('a', 'net.ipv4.ip_forward', '1')
  for (const scope of ['all', 'default']) await lab.sysctl('a', `net.ipv4.conf.${scope}.send_redirects`, '0')
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

const PACKETS = 1_000_000
const MIB = 1 << 20

describe.each(['off', 'raw', 'split'] as const)('offload %s', (offload) => {
  test.each(['onReadable', 'batches'] as const)(
    'a million packets through %s leave the memory as it was, and hardly wake the collector',
    async (face) => {
      const forwarding = new URL('./cases/forwarding-loop.mjs', import.meta.url)
      await using child = await lab.enter('a', forwarding, { execArgv: ['--expose-gc'], timeoutMs: 60_000 })
      // With raw a packet is a super-packet of 60 datagrams.
      const packets = offload === 'raw' ? PACKETS / 60 : PACKETS
      const seen = await child.call<Circulation>('circulate', packets, offload, face)
      expect(seen.read).toBeGreaterThanOrEqual(packets)
      // batches() has its promises in every turn of the event loop, the callback nothing at all.
      expect(seen.collections).toBeLessThan(face === 'batches' ? PACKETS / 100_000 : 3)
      expect(seen.heapBytes).toBeLessThan(MIB / 2)
      expect(seen.residentBytes).toBeLessThan(8 * MIB)
      expect(seen.counters).toMatchObject({ writeErrors: 0, dropMalformedIn: 0, fallbacks: 0 })
      if (offload !== 'off') expect(seen.counters.superPacketsIn).toBeGreaterThanOrEqual(PACKETS / 64)
    },
    60_000,
  )
})
