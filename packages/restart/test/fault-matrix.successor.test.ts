import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestRestart, requestStatus } from '../src/index.js'
import { ServiceRoom } from './service-room.js'

const rawSuccessor = fileURLToPath(new URL('./programs/raw-successor.mjs', import.meta.url))

const steps = [
  'before hello',
  'after hello',
  'before accept',
  'after accept',
  'after received',
  'before ready',
  'after ready',
  'before committed',
]

const someSteps = ['after hello', 'after accept', 'before ready', 'before committed']

/** What the asker reads. */
const outcomes: Record<string, { at: string[]; code: string; exit?: object }> = {
  exit: { at: steps, code: 'ERR_RESTART_CHILD_EXITED', exit: { code: 7, signal: null } },
  kill: { at: steps, code: 'ERR_RESTART_CHILD_EXITED', exit: { code: null, signal: 'SIGKILL' } },
  fail: { at: steps.slice(1), code: 'ERR_RESTART_CHILD_FAILED' },
  close: { at: someSteps, code: 'ERR_RESTART_CHANNEL_CLOSED' },
  garbage: { at: someSteps, code: 'ERR_RESTART_CHANNEL_MALFORMED' },
  unknown: { at: someSteps, code: 'ERR_RESTART_PROTOCOL' },
  descriptors: { at: someSteps, code: 'ERR_RESTART_PROTOCOL' },
  bytes: { at: someSteps, code: 'ERR_RESTART_PROTOCOL' },
  // "ready", where it is not its turn.
  again: { at: ['before hello', 'after hello', 'after ready'], code: 'ERR_RESTART_PROTOCOL' },
}
const cases = Object.entries(outcomes).flatMap(([act, { at }]) => at.map((step) => [act, step] as const))

// One version survives them all: that is what the matrix is about.
describe('whatever a next version does at whatever step, the running one serves on and says what it was', () => {
  const room = new ServiceRoom()
  let pid: number

  beforeAll(async () => {
    const child = await room.start({
      options: { command: { args: [rawSuccessor] } },
      state: {},
      sockets: ['a', 'b'],
    })
    pid = child.pid!
  })
  afterAll(() => room[Symbol.asyncDispose]())

  test.each(cases)('%s %s', async (act, step) => {
    writeFileSync(join(room.folder, 'raw.json'), JSON.stringify({ act, step }))
    const before = room.events().length
    const answer = requestRestart({ path: room.control, timeoutMs: 20_000 })
    const error = await answer.then(
      () => undefined,
      (reason) => reason,
    )
    const { code, exit } = outcomes[act]!
    expect(error).toMatchObject({ name: 'RestartError', code })
    if (exit) expect(error.exit).toEqual(exit)
    expect(error.stderr).toContain(`last words at ${step}`)
    expect(await room.ask()).toMatchObject({ pid, generation: 0 })
    expect(await requestStatus({ path: room.control })).toMatchObject({ pid, state: 'serving' })
    await waitFor(() => room.livingPids().length === 1, { message: 'the end of the next version' })
    // Once if the state had been saved, else never.
    const events = room.events().slice(before)
    const saved = steps.indexOf(step) >= steps.indexOf('after received')
    const undone = events.filter((event) => event.startsWith('undo')).length
    expect(undone).toBe(events.filter((event) => event.startsWith('save')).length)
    if (steps.indexOf(step) > steps.indexOf('after received')) expect(undone).toBe(1)
    if (!saved) expect(undone).toBe(0)
  })

  test('no descriptor, child or zombie is left of all of them', async () => {
    const { descriptors, children } = room.census(pid)
    // stdio, the event loop, the web socket and its duplicate, the coordination socket, two sockets, epoll of the addon.
    expect(descriptors).toBeLessThan(40)
    expect(children).toEqual([])
  })
})

test('a next version that hangs and ignores SIGTERM is killed at the bound, and reaped', async () => {
  await using room = new ServiceRoom()
  const child = await room.start({ options: { command: { args: [rawSuccessor] }, readyTimeoutMs: 2_000 } })
  writeFileSync(join(room.folder, 'raw.json'), JSON.stringify({ act: 'hang', step: 'before ready' }))
  await expect(requestRestart({ path: room.control, timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'ERR_RESTART_READY_TIMEOUT',
    stage: 'waiting',
    exit: { code: null, signal: 'SIGKILL' },
  })
  expect(room.livingPids()).toEqual([child.pid])
  expect(room.census(child.pid!).children).toEqual([])
  expect(await room.ask()).toMatchObject({ pid: child.pid })
})
