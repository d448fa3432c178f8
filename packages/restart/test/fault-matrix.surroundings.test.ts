import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart } from '../src/index.js'
import { ServiceRoom } from './service-room.js'

const rawSuccessor = fileURLToPath(new URL('./programs/raw-successor.mjs', import.meta.url))

test.each(['spawning', 'starting', 'handing-over', 'waiting', 'ready'])(
  'an asker that vanishes at "%s" changes nothing: the restart goes on',
  async (stage) => {
    await using room = new ServiceRoom()
    await room.start()
    const leave = new AbortController()
    const asked = requestRestart({
      path: room.control,
      signal: leave.signal,
      onProgress: (progress) => {
        if (progress.stage === stage) leave.abort()
      },
    })
    // Unless the answer was quicker.
    await asked.catch(() => {})
    expect(await room.waitForAnswer(({ generation, exited }) => generation === 1 && exited)).toBeDefined()
    await waitFor(() => room.livingPids().length === 1)
  },
)

test('a save onto a full disk fails the restart in the words of the system, and is undone', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ state: { write: '/dev/full', writeBytes: 4096 } })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_STATE_FAILED',
    message: expect.stringContaining('ENOSPC'),
    stage: 'handing-over',
  })
  expect(room.events().slice(-2)).toEqual([`save ${first.pid}`, `undo ${first.pid} ERR_RESTART_STATE_FAILED`])
  expect(await room.ask()).toMatchObject({ pid: first.pid })
})

test('a state that is too large fails the restart by number, and is undone', async () => {
  await using room = new ServiceRoom()
  await room.start({ state: { text: 'x'.repeat(100), maxBytes: 99 } })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_STATE_FAILED',
    message: expect.stringContaining('100 bytes'),
  })
  expect(room.events().at(-1)).toContain('undo')
})

test('a next version with too low a limit of descriptors says how many there are', async () => {
  await using room = new ServiceRoom()
  const limited = ['--nofile=80:80', process.execPath, room.program]
  const first = await room.start({
    options: { command: { file: 'prlimit', args: limited } },
    keepMany: 100,
  })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_DESCRIPTOR_LIMIT',
    message: expect.stringMatching(/room for \d+ more descriptors, 101 were/),
    hint: expect.stringContaining('LimitNOFILE='),
  })
  expect(await room.ask()).toMatchObject({ pid: first.pid })
})

test('a limit that sinks while descriptors are on their way loses none of them', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ options: { command: { args: [rawSuccessor] } }, keepMany: 400 })
  const before = room.census(first.pid!).descriptors
  writeFileSync(join(room.folder, 'raw.json'), JSON.stringify({ step: 'after accept', act: 'shrink' }))
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    stderr: expect.arrayContaining([expect.stringContaining('ERR_RESTART_DESCRIPTORS_LOST')]),
  })
  await waitFor(() => room.census(first.pid!).descriptors <= before)
  room.deploy({})
  expect(await room.ask()).toMatchObject({ pid: first.pid })
})

test('hundreds of descriptors go along in several messages', async () => {
  await using room = new ServiceRoom()
  await room.start({ keepMany: 600 })
  room.deploy({ keep: true })
  const { pid } = await requestRestart({ path: room.control })
  await room.waitForAnswer(({ generation, exited }) => generation === 1 && exited)
  expect(room.census(pid).descriptors).toBeGreaterThan(600)
})
