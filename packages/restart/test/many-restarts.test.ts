import { readFileSync } from 'node:fs'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart, requestStatus } from '../src/index.js'
import { ServiceRoom } from './service-room.js'

const RESTARTS = 100

test('a hundred restarts in a row leave no descriptor, no process and no memory behind', async () => {
  await using room = new ServiceRoom()
  await room.start({ state: { text: 'x' }, sockets: ['a', 'b'], keepNew: 'box', keep: true })
  const alone = async (generation: number) => {
    await waitFor(
      async () => {
        const status = await requestStatus({ path: room.control })
        return status.generation === generation && status.draining.length === 0
      },
      { timeoutMs: 15_000, message: `generation ${generation} alone` },
    )
  }
  const look = (pid: number) => ({
    ...room.census(pid),
    command: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    variables: readFileSync(`/proc/${pid}/environ`).byteLength,
  })
  const { pid } = await requestRestart({ path: room.control })
  await alone(1)
  const early = look(pid)
  let last = pid
  for (let generation = 2; generation <= RESTARTS; generation++) {
    const answer = await requestRestart({ path: room.control })
    expect(answer.generation).toBe(generation)
    last = answer.pid
  }
  await alone(RESTARTS)
  await waitFor(() => room.livingPids().length === 1)
  const late = look(last)
  expect(late).toMatchObject({
    command: early.command,
    variables: early.variables,
    children: [],
  })
  // A listing may see a descriptor that is open for a moment.
  await waitFor(() => room.census(last).descriptors <= early.descriptors)
  expect(late.residentKib).toBeLessThan(early.residentKib * 1.25)
  expect(await room.ask()).toMatchObject({ generation: RESTARTS, state: 'x' })
  expect(room.events().filter((event) => event.startsWith('undo'))).toEqual([])
}, 180_000)
