import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart, requestStatus } from '../src/index.js'
import { kill, ServiceRoom } from './service-room.js'

/** A request that its server has begun to read. */
async function hold(room: ServiceRoom) {
  const socket = room.holdRequest()
  await waitFor(() => socket.bytesWritten > 0)
  await room.ask()
  return socket
}

const isStopping = (room: ServiceRoom) => async () =>
  (await requestStatus({ path: room.control })).state === 'stopping'

test.each([30_000, 900])(
  'a second SIGTERM does not wait for the work any more, and all is closed in order (of %i ms)',
  async (drainTimeoutMs) => {
    await using room = new ServiceRoom()
    const child = await room.start({ options: { drainTimeoutMs } })
    const held = await hold(room)
    child.kill('SIGTERM')
    await waitFor(isStopping(room))
    child.kill('SIGTERM')
    await waitFor(() => child.exitCode !== null, { timeoutMs: 15_000 })
    expect(room.events().at(-1)).toBe(`ended ${child.pid} stopped`)
    expect(child.exitCode).toBe(0)
    held.destroy()
  },
)

test('a third SIGTERM ends a process in which something hangs, as it ends any process', async () => {
  await using room = new ServiceRoom()
  const child = await room.start({ stuck: true })
  child.kill('SIGTERM')
  await waitFor(isStopping(room))
  // Two that are sent at once may be one when they arrive.
  for (const _ of [2, 3]) {
    child.kill('SIGTERM')
    await requestStatus({ path: room.control }).catch(() => {})
  }
  await waitFor(() => child.signalCode ?? child.exitCode, { timeoutMs: 15_000 })
  expect(child.signalCode).toBe('SIGTERM')
})

test('SIGUSR2 does not end a version that waits for the state of the one before', async () => {
  await using room = new ServiceRoom()
  await room.start({ state: { saveWaits: 'go' } })
  const asked = requestRestart({ path: room.control })
  await waitFor(() => room.waits() && room.livingPids().length === 2)
  const next = room.pids().at(-1)!
  kill(next, 'SIGUSR2')
  room.touch('go')
  expect(await asked).toMatchObject({ pid: next, generation: 1 })
})

test('SIGTERM in the hold ends both versions, and leaves nothing', async () => {
  await using room = new ServiceRoom()
  const child = await room.start({ options: { holdMs: 60_000, pidFile: join(room.folder, 'app.pid') } })
  const stages: string[] = []
  const asked = requestRestart({ path: room.control, onProgress: ({ stage }) => stages.push(stage) })
  const refused = expect(asked).rejects.toMatchObject({ code: 'ERR_RESTART_CANCELLED' })
  await waitFor(() => stages.includes('holding'))
  child.kill('SIGTERM')
  await refused
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
  expect(room.events().filter((event) => event.startsWith('ended'))).toHaveLength(2)
})

test('SIGTERM to the version that is held gives the service back, and takes no path away', async () => {
  await using room = new ServiceRoom()
  const child = await room.start({ options: { holdMs: 60_000, pidFile: join(room.folder, 'app.pid') } })
  const asked = requestRestart({ path: room.control }).catch((error) => error)
  await waitFor(async () => (await requestStatus({ path: room.control })).state === 'holding')
  kill(room.pids().at(-1)!, 'SIGTERM')
  expect(await asked).toMatchObject({ code: 'ERR_RESTART_CHILD_FAILED' })
  expect(await room.ask()).toMatchObject({ pid: child.pid })
  expect(await requestStatus({ path: room.control })).toMatchObject({ pid: child.pid, state: 'serving' })
})
