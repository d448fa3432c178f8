import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { binding } from '../src/binding.js'
import {
  encodeState,
  type FdChannel,
  type ListenSocket,
  openChannelPair,
  openListenSocket,
  requestRestart,
  requestStatus,
} from '../src/index.js'
import { kill, ServiceRoom, servicePath } from './service-room.js'

/** The running version, played by this process: it dies by closing everything that it has of the next version. */
class Predecessor {
  readonly channel: FdChannel
  readonly pid: number
  readonly control: string
  readonly #child

  constructor(room: ServiceRoom) {
    const { channel, fd } = openChannelPair()
    this.channel = channel
    this.control = room.control
    this.#child = spawn(process.execPath, [servicePath], {
      env: { ...process.env, SERVICE_FOLDER: room.folder, RESTART_CHANNEL_FD: '3' },
      stdio: ['ignore', 'ignore', 'pipe', fd],
    })
    this.pid = this.#child.pid!
    binding().closeFd(fd)
  }

  async hear(type: string): Promise<void> {
    const received = await this.channel.receive({ timeoutMs: 15_000 })
    expect(received).toMatchObject({ message: { type } })
  }

  die(): void {
    this.channel.close()
    this.#child.stderr!.destroy()
  }
}

type Step = (predecessor: Predecessor, socket: ListenSocket, stderr: number) => Promise<void>

/** All that a running version does, in its order. */
const steps: [name: string, step: Step][] = [
  ['it was greeted', async (p) => p.hear('hello')],
  [
    'welcome',
    async ({ channel, control }, _, stderr) =>
      channel.send({ type: 'welcome', protocol: 1, pid: process.pid, generation: 6, coordination: control }, [
        stderr,
      ]),
  ],
  [
    'offer',
    async (p) => {
      await p.channel.send({ type: 'offer', belongings: [{ kind: 'listen', name: 'web', count: 1 }] })
      await p.hear('accept')
    },
  ],
  [
    'descriptors',
    async (p, socket) => {
      await p.channel.send({ type: 'descriptors' }, [socket.fd])
      await p.hear('received')
    },
  ],
  [
    'state',
    async ({ channel }) =>
      channel.sendBytes('state', encodeState({ version: 1, bytes: Buffer.from('carried') })),
  ],
  ['begin', async ({ channel }) => channel.send({ type: 'begin', state: { version: 1, bytes: 32 + 7 } })],
  ['it was ready', async (p) => p.hear('ready')],
  ['hold', async ({ channel }) => channel.send({ type: 'hold', holdMs: 60_000 })],
]

test.each(steps.map(([name], index) => [name, index + 1] as const))(
  'a version whose predecessor dies after "%s" carries on by itself',
  async (_, count) => {
    await using room = new ServiceRoom()
    room.deploy({ sayAfterReady: 'to the real standard error\n', stderr: 'early words\n' })
    const socket = await openListenSocket('web', { path: room.web })
    const predecessor = new Predecessor(room)
    const stderr = openSync(join(room.folder, 'stderr'), 'w')
    try {
      for (const [, step] of steps.slice(0, count)) await step(predecessor, socket, stderr)
    } finally {
      closeSync(stderr)
      // Before the socket was passed it is lost with the predecessor, and a new one is made at the path.
      socket.close()
      predecessor.die()
    }
    const answer = await room.waitForAnswer(({ exited }) => exited)
    expect(answer).toMatchObject({
      pid: predecessor.pid,
      generation: count >= 2 ? 6 : 0,
      before: 'predecessor',
      ...(count >= 6 && { state: 'carried' }),
    })
    await waitFor(() => requestStatus({ path: room.control }), { message: 'the coordination socket' })
    expect(await requestStatus({ path: room.control })).toMatchObject({
      pid: predecessor.pid,
      state: 'serving',
    })
    // What it writes goes to the real standard error, if that had come; else nowhere, and harms nobody.
    // In the hold it still goes through the pipe, and is lost with it.
    if (count >= 2 && count < steps.length) {
      await waitFor(() =>
        readFileSync(join(room.folder, 'stderr'), 'utf8').includes('the real standard error'),
      )
    }
  },
)

test('a version whose predecessor is killed while it starts keeps the socket and carries on', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ state: { text: 'precious' } })
  room.deploy({ waitFor: 'go', label: 'two', state: {} })
  const asked = requestRestart({ path: room.control }).catch((error) => error)
  await waitFor(() => room.livingPids().length === 2 && room.waits(), { message: 'the next version' })
  first.kill('SIGKILL')
  expect(await asked).toMatchObject({ code: 'ERR_RESTART_CONNECTION_LOST' })
  room.touch('go')
  const answer = await room.waitForAnswer(({ exited }) => exited)
  expect(answer).toMatchObject({ generation: 1, label: 'two', state: 'precious' })
  await waitFor(() => requestStatus({ path: room.control }), { message: 'the coordination socket' })
})

test('a new version that was sent away does not carry on, whatever becomes of who did it', async () => {
  await using room = new ServiceRoom()
  room.deploy({ waitFor: 'go' })
  const socket = await openListenSocket('web', { path: room.web })
  const server = createServer((_, response) => response.end('{"pid":0}')).listen(socket.listenOptions())
  const predecessor = new Predecessor(room)
  for (const [, step] of steps.slice(0, 6)) await step(predecessor, socket, 2)
  await waitFor(() => room.waits(), { message: 'the next version' })
  await predecessor.channel.send({ type: 'cancel', code: 'ERR_RESTART_CANCELLED', message: 'no' })
  predecessor.die()
  room.touch('go')
  // ready() rejects, and nobody catches it.
  await waitFor(() => !room.isOurs(predecessor.pid), { message: 'the end of the version', timeoutMs: 15_000 })
  expect(room.events().filter((event) => event.startsWith('ready'))).toEqual([])
  server.close()
  socket.close()
})

test('a new version that was given everything and is then sent away takes nothing with it', async () => {
  await using room = new ServiceRoom()
  const pidFile = join(room.folder, 'app.pid')
  room.deploy({ options: { pidFile } })
  const socket = await openListenSocket('web', { path: room.web })
  const control = await openListenSocket('control', { path: room.control })
  const predecessor = new Predecessor(room)
  for (const [, step] of steps.slice(0, 7)) await step(predecessor, socket, 2)
  await predecessor.channel.send({ type: 'commit', coordination: true, generations: [] }, [control.fd])
  await predecessor.hear('committed')
  await predecessor.channel.send({ type: 'cancel', code: 'ERR_RESTART_READY_TIMEOUT', message: 'too late' })
  kill(predecessor.pid, 'SIGTERM')
  await waitFor(() => !room.isOurs(predecessor.pid), { message: 'the end of the version', timeoutMs: 15_000 })
  expect([room.web, room.control, pidFile].map(existsSync)).toEqual([true, true, true])
  predecessor.die()
  for (const each of [socket, control]) each.close()
})

test('a predecessor whose channel ends before its sockets do is waited for: all of a dying process does not go at once', async () => {
  await using room = new ServiceRoom()
  room.deploy({})
  const socket = await openListenSocket('web', { path: room.web })
  const control = await openListenSocket('control', { path: room.control })
  const predecessor = new Predecessor(room)
  for (const [, step] of steps.slice(0, 2)) await step(predecessor, socket, 2)
  predecessor.die()
  await waitFor(() => room.events().some((event) => event.startsWith('listens')))
  // It has met EADDRINUSE by now, or will not at all.
  await requestStatus({ path: room.control, timeoutMs: 50 }).catch(() => {})
  socket.close()
  await room.waitForAnswer(({ pid }) => pid === predecessor.pid)
  await requestStatus({ path: room.control, timeoutMs: 50 }).catch(() => {})
  control.close()
  await waitFor(() => requestStatus({ path: room.control, timeoutMs: 500 }).catch(() => undefined), {
    timeoutMs: 15_000,
    message: 'the coordination socket',
  })
})
