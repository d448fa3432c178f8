// Two real versions, one of which is killed or hangs at a step of the hand-over; a client must find a server afterwards.
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart, requestStatus } from '../src/index.js'
import { kill, ServiceRoom } from './service-room.js'

interface Step {
  old?: object
  next?: object
  /** Of the restart, as its asker hears it. */
  stage?: string
  reached?: (room: ServiceRoom) => boolean
}

const steps: Record<string, Step> = {
  'before the sockets went over': { next: { waitBeforeOpen: 'go' }, reached: (room) => room.waits() },
  'while the state goes over': { old: { state: { saveWaits: 'go' } }, reached: (room) => room.waits() },
  'while the next version starts': { next: { waitFor: 'go' }, reached: (room) => room.waits() },
  'after ready, before it is committed': { next: { blockAfterReady: 'go' }, stage: 'ready' },
  'in the hold': { old: { options: { holdMs: 60_000 } }, stage: 'holding' },
}

/** Both versions stand at `step` of a restart. */
async function reach(step: Step, room: ServiceRoom, options: object = {}) {
  const old = await room.start({
    ...step.old,
    options: { ...options, ...(step.old as { options?: object })?.options },
  })
  room.deploy({ state: {}, ...step.next })
  const stages: string[] = []
  const asked = requestRestart({
    path: room.control,
    timeoutMs: 20_000,
    onProgress: ({ stage }) => stages.push(stage),
  }).catch((error) => error)
  const { stage, reached } = step
  await waitFor(() => room.livingPids().length === 2 && (stage ? stages.includes(stage) : reached!(room)), {
    timeoutMs: 15_000,
    message: 'the step of the hand-over',
  })
  return { old: old.pid!, next: room.livingPids().find((pid) => pid !== old.pid)!, asked }
}

test.concurrent.each(Object.entries(steps))(
  'the old version is killed %s: the next one serves, and can be restarted',
  async (_, step) => {
    await using room = new ServiceRoom()
    const { old, next, asked } = await reach(step, room)
    kill(old)
    room.touch('go')
    expect(await asked).toMatchObject({ code: 'ERR_RESTART_CONNECTION_LOST' })
    expect(await room.waitForAnswer(({ exited }) => exited)).toMatchObject({
      pid: next,
      before: 'predecessor',
    })
    await waitFor(() => requestStatus({ path: room.control }), { message: 'the coordination socket' })
    room.deploy({})
    const { pid } = await requestRestart({ path: room.control })
    expect(await room.waitForAnswer((answer) => answer.pid === pid)).toBeDefined()
  },
  60_000,
)

test.concurrent.each(Object.entries(steps))(
  'the next version is killed %s: the old one serves, and can be restarted',
  async (_, step) => {
    await using room = new ServiceRoom()
    const { old, next, asked } = await reach(step, room)
    kill(next)
    room.touch('go')
    expect(await asked).toMatchObject({ code: 'ERR_RESTART_CHILD_EXITED', exit: { signal: 'SIGKILL' } })
    expect(await room.ask()).toMatchObject({ pid: old, generation: 0 })
    expect(await requestStatus({ path: room.control })).toMatchObject({ pid: old, state: 'serving' })
    room.deploy({ options: { holdMs: 0 } })
    if (step.stage !== 'holding') await requestRestart({ path: room.control })
  },
  60_000,
)

const bounded = Object.entries(steps).slice(0, 3)

test.concurrent.each(bounded)(
  'the next version hangs %s: it is killed at the bound, and the old one serves',
  async (_, step) => {
    await using room = new ServiceRoom()
    const { old, next, asked } = await reach(step, room, { readyTimeoutMs: 3_000 })
    kill(next, 'SIGSTOP')
    if (step.old) room.touch('go')
    expect(await asked).toMatchObject({ code: 'ERR_RESTART_READY_TIMEOUT', exit: { signal: 'SIGKILL' } })
    expect(room.isOurs(next)).toBe(false)
    expect(await room.ask()).toMatchObject({ pid: old, generation: 0 })
  },
  60_000,
)

test('the old version is killed while it drains: the next one does not notice', async () => {
  await using room = new ServiceRoom()
  const old = await room.start()
  const held = room.holdRequest()
  await waitFor(() => held.bytesWritten > 0)
  await room.ask()
  const { pid } = await requestRestart({ path: room.control })
  kill(old.pid!)
  expect(await room.waitForAnswer(({ exited }) => exited)).toMatchObject({ pid, generation: 1 })
  await waitFor(async () => (await requestStatus({ path: room.control })).draining.length === 0)
  held.destroy()
})
