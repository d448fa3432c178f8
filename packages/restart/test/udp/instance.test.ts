import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart, requestStatus, requestStop } from '../../src/index.js'
import { ServiceRoom } from '../service-room.js'
import { startPeers } from './peers.js'

test('50 peers talk over three restarts of an instance: no datagram is lost, and none is answered by another version', async () => {
  await using room = new ServiceRoom()
  room.program = fileURLToPath(new URL('../programs/udp-service.mjs', import.meta.url))
  const first = room.launch()
  const ready = () => room.events().find((event) => event.startsWith('ready'))
  const [, , port, errors] = (await waitFor(ready, { timeoutMs: 15_000, message: 'the service' })).split(' ')
  // A name is there once, and a refused one is not asked for anything later.
  expect(errors).toBe('ERR_INVALID_ARG_VALUE,ERR_INVALID_ARG_VALUE,ERR_INVALID_ARG_VALUE')
  using peers = startPeers(50, Number(port))
  await peers.more(300)
  for (let generation = 1; generation <= 3; generation++) {
    await requestRestart({ path: room.control })
    await peers.more(300)
  }
  // Those that never say goodbye are still with the first one.
  expect(peers.long()).toEqual(new Map([[0, 25]]))
  expect(
    (await requestStatus({ path: room.control })).draining.map(({ generation }) => generation),
  ).toContain(0)
  await peers.finish()
  expect(peers.misdelivered).toBe(0)
  // Without sessions the older ones end.
  await waitFor(() => room.livingPids().length === 1 && first.exitCode === 0, { timeoutMs: 15_000 })
  await requestStop({ path: room.control })
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
  const ended = room.events().filter((event) => event.startsWith('ended'))
  expect(ended).toHaveLength(4)
  for (const event of ended) {
    const { kernelDrops, forwardOverflows, sendFailures } = JSON.parse(/\{.*\}/.exec(event)![0])
    expect([kernelDrops, forwardOverflows, sendFailures]).toEqual([0, 0, 0])
    expect(event).toMatch(/ 3$/)
  }
})
