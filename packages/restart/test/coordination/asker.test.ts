// What who asks is told when there is no answer: whether anything was asked at all, and what is known of it.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { encodeReply } from '../../src/coordination/encode-message.js'
import { ping } from '../../src/coordination/ping.js'
import type { Progress } from '../../src/coordination/protocol.js'
import { requestRestart } from '../../src/coordination/request-restart.js'
import { requestStatus } from '../../src/coordination/request-status.js'
import { requestStop } from '../../src/coordination/request-stop.js'
import { CoordinationRoom, scriptedHandler } from './coordination-room.js'
import { startInstance } from './processes.js'

let room: CoordinationRoom
beforeEach(() => {
  room = new CoordinationRoom()
})
afterEach(() => room.close())

/** Something else that listens at the path. */
async function listen(connected: (socket: Socket) => void): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    connected(socket)
  })
  await new Promise<void>((resolve) => server.listen(room.path, resolve))
  room.atEnd(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
}

/** Whether a connection waits to be accepted. */
function isWaiting(): boolean {
  const sockets = execFileSync('ss', ['-Hxl', 'src', room.path], { encoding: 'utf8' })
  return Number(sockets.split(/ +/)[2]) > 0
}

const hello = () => encodeReply({ type: 'hello', versions: [1], pid: 77, generation: 1 })

describe('nothing was asked', () => {
  test('when there is no such path', async () => {
    await expect(requestRestart({ path: room.path })).rejects.toMatchObject({
      name: 'RestartError',
      code: 'ERR_RESTART_NOT_LISTENING',
      errno: -2,
      syscall: 'connect',
      stage: 'connecting',
      message: `there is no ${room.path}; nothing was asked`,
    })
  })

  test('when the path is a regular file', async () => {
    writeFileSync(room.path, 'precious')
    await expect(ping({ path: room.path })).rejects.toMatchObject({
      code: 'ERR_RESTART_NOT_LISTENING',
      message: `${room.path} is a regular file, not a socket; nothing was asked`,
    })
  })

  test('when the path is a socket of another type', async () => {
    const fd = binding().listenQueue(room.path, 0o600, 1)
    room.atEnd(() => binding().closeFd(fd))
    await expect(ping({ path: room.path })).rejects.toMatchObject({
      code: 'ERR_RESTART_NOT_LISTENING',
      message: expect.stringContaining('a socket of another type'),
    })
  })

  test('when the instance does not take the connection', async () => {
    const handler = scriptedHandler()
    const server = await room.open(handler)
    server.pause()
    await expect(requestRestart({ path: room.path, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ERR_RESTART_NOT_ANSWERING',
      message: expect.stringContaining('did not take the connection within 50 ms; it was asked nothing'),
    })
    server.resume()
    await ping({ path: room.path })
    expect(handler.restarts).toEqual([])
  })

  test('while its queue is full, and it is asked when there is room', async () => {
    const server = await room.open(scriptedHandler())
    server.pause()
    const waiting: number[] = []
    const leave = () => {
      for (const fd of waiting.splice(0)) binding().closeFd(fd)
    }
    room.atEnd(leave)
    expect(() => {
      while (waiting.length < 10_000) waiting.push(binding().connectUnix(room.path))
    }).toThrow(expect.objectContaining({ code: 'EAGAIN' }))
    await expect(ping({ path: room.path, timeoutMs: 120 })).rejects.toMatchObject({
      code: 'ERR_RESTART_NOT_ANSWERING',
    })
    const answer = ping({ path: room.path, timeoutMs: 20_000 })
    server.resume()
    expect(await answer).toMatchObject({ pid: process.pid })
  })

  test('when the connection ends without a word', async () => {
    await listen((socket) => socket.destroy())
    await expect(requestRestart({ path: room.path })).rejects.toMatchObject({
      code: 'ERR_RESTART_NOT_ANSWERING',
      message: expect.stringContaining('it was asked nothing'),
    })
  })

  test.each([
    ['text', 'Welcome!\r\n', 'it began with "Welc"'],
    ['frames of garbage', Buffer.from([0, 0, 0, 2, 1, 2]), 'text that is not JSON'],
  ])('of something else that sends %s', async (_, bytes, words) => {
    const received: Buffer[] = []
    await listen((socket) => socket.on('data', (chunk: Buffer) => received.push(chunk)).write(bytes))
    await expect(requestRestart({ path: room.path })).rejects.toMatchObject({
      code: 'ERR_RESTART_MALFORMED',
      message: expect.stringContaining(words),
    })
    expect(received).toEqual([])
  })
})

test('who waits in the kernel when an instance closes for good was asked nothing', async () => {
  const server = await room.open(scriptedHandler())
  server.pause()
  const asking = requestRestart({ path: room.path })
  asking.catch(() => {})
  await waitFor(() => isWaiting())
  await server.close({ unlink: true })
  await expect(asking).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_ANSWERING' })
  await expect(requestRestart({ path: room.path })).rejects.toMatchObject({
    code: 'ERR_RESTART_NOT_LISTENING',
  })
})

test('whatever an instance sends, who asks is answered or told why not', async () => {
  let bytes: readonly Buffer[] = []
  await listen((socket) => {
    for (const each of bytes) socket.write(each)
    socket.end()
  })
  const message = fc.oneof(
    fc.constant(hello()),
    fc.constant(encodeReply({ type: 'answer', id: 1, ok: true, pid: 5, generation: 6 })),
    fc.constant(
      encodeReply({ type: 'answer', id: null, ok: false, code: 'ERR_RESTART_BUSY', message: 'no' }),
    ),
    fc.constant(encodeReply({ type: 'progress', id: 1, stage: 'waiting' })),
  )
  const damaged = fc.tuple(message, fc.nat(), fc.nat(255)).map(([whole, at, value]) => {
    const copy = Buffer.from(whole)
    copy[at % copy.length] = value
    return copy
  })
  const raw = fc.uint8Array({ maxLength: 100 }).map((each) => Buffer.from(each))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(message, damaged, raw), { maxLength: 5 }), async (sent) => {
      bytes = sent
      const outcome = await ping({ path: room.path }).catch((error) => error)
      if (outcome instanceof Error)
        expect(outcome).toMatchObject({ name: 'RestartError', code: expect.any(String) })
      else expect(outcome).toEqual({ pid: expect.any(Number), generation: expect.any(Number) })
    }),
    { numRuns: 150 },
  )
})

describe('the outcome is unknown', () => {
  test('when the instance is killed in the middle, and the last that it told is known', async () => {
    const { running } = await startInstance(room, { onRestart: 'crash' })
    await expect(requestRestart({ path: room.path })).rejects.toMatchObject({
      code: 'ERR_RESTART_CONNECTION_LOST',
      stage: 'waiting',
      message: expect.stringContaining(
        `how it ended is unknown; the last that process ${running.pid} told was 'waiting' of process ${running.pid}`,
      ),
      hint: expect.stringContaining('status'),
    })
  })

  test('when the answer does not come in time; the restart goes on', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const asking = requestRestart({ path: room.path, timeoutMs: 200 })
    asking.catch(() => {})
    const restart = await handler.restartNumber(0)
    restart.progress('starting', { pid: 4243 })
    await expect(asking).rejects.toMatchObject({
      code: 'ERR_RESTART_NO_ANSWER',
      stage: 'starting',
      message: expect.stringContaining("'starting' of process 4243. What was asked is still being done"),
    })
    const heard: string[] = []
    const other = requestRestart({ path: room.path, onProgress: ({ stage }) => heard.push(stage) })
    await waitFor(() => heard.includes('starting'))
    restart.succeed()
    expect(await other).toMatchObject({ pid: 4243 })
    expect(handler.restarts).toHaveLength(1)
  })

  test('when the wait is aborted', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const controller = new AbortController()
    const asking = requestRestart({ path: room.path, signal: controller.signal })
    asking.catch(() => {})
    const restart = await handler.restartNumber(0)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(asking).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason })
    restart.succeed()
    await expect(ping({ path: room.path, signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  test('when what answers loses its language in the middle', async () => {
    await listen((socket) => socket.on('data', () => socket.write('rubbish, not a frame')).write(hello()))
    await expect(requestRestart({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_MALFORMED' })
  })
})

test('an answer without what was asked for is told as such', async () => {
  await listen((socket) => {
    socket.on('data', () => socket.write(encodeReply({ type: 'answer', id: 1, ok: true }))).write(hello())
  })
  for (const request of [requestRestart, requestStatus, requestStop, ping]) {
    await expect(request({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_MALFORMED' })
  }
})

test('what the listener of progress throws ends the wait and is thrown', async () => {
  const handler = scriptedHandler()
  await room.open(handler)
  const onProgress = ({ stage }: Progress) => {
    if (stage === 'spawning') throw new Error('the disk of the log is full')
  }
  const asking = requestRestart({ path: room.path, onProgress })
  asking.catch(() => {})
  const restart = await handler.restartNumber(0)
  restart.progress('spawning')
  await expect(asking).rejects.toThrow('the disk of the log is full')
  restart.succeed()
})

describe('before anything is asked the configuration is looked at', () => {
  test('by a function, whose words are told', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const stages: string[] = []
    const cause = new Error('config.json:12: port must be a number')
    const validate = async () => {
      throw cause
    }
    const asking = requestRestart({
      path: room.path,
      validate,
      onProgress: ({ stage }) => stages.push(stage),
    })
    await expect(asking).rejects.toMatchObject({
      code: 'ERR_RESTART_CONFIG_INVALID',
      stage: 'validating',
      message: 'the configuration is refused: config.json:12: port must be a number',
      cause,
    })
    expect(stages).toEqual(['validating'])
    expect(handler.restarts).toEqual([])
  })

  test('by a command, whose exit and last lines are told', async () => {
    const script =
      'console.log("reading"); console.error("config.json:12: port must be a number"); process.exit(3)'
    const validate = { file: process.execPath, args: ['-e', script] }
    await expect(requestRestart({ path: room.path, validate })).rejects.toMatchObject({
      code: 'ERR_RESTART_CONFIG_INVALID',
      exit: { code: 3, signal: null },
      stderr: expect.arrayContaining(['config.json:12: port must be a number']),
    })
  })

  test('by a command that says yes', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const asking = requestRestart({ path: room.path, validate: { file: process.execPath, args: ['-e', ''] } })
    ;(await handler.restartNumber(0)).succeed()
    expect(await asking).toMatchObject({ pid: 4243 })
  })

  test('by a command that is not there, that hangs, or that is killed', async () => {
    const run = (file: string, args: string[] = [], timeoutMs = 20_000) =>
      requestRestart({ path: room.path, timeoutMs, validate: { file, args } })
    await expect(run('/nonexistent/check')).rejects.toMatchObject({
      code: 'ERR_RESTART_CONFIG_INVALID',
      message: expect.stringContaining('/nonexistent/check could not be run'),
    })
    await expect(run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], 50)).rejects.toMatchObject({
      code: 'ERR_RESTART_CONFIG_INVALID',
      message: expect.stringContaining('had not looked at it within'),
    })
    await expect(run(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])).rejects.toMatchObject(
      {
        exit: { code: null, signal: 'SIGKILL' },
      },
    )
  })
})

test.each([
  [{ path: undefined }, 'ERR_INVALID_ARG_TYPE'],
  [{ timeoutMs: '30' }, 'ERR_INVALID_ARG_TYPE'],
  [{ timeoutMs: 2 ** 31 }, 'ERR_INVALID_ARG_VALUE'],
  [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
  [{ busy: 'maybe' }, 'ERR_INVALID_ARG_VALUE'],
  [{ validate: 'true' }, 'ERR_INVALID_ARG_TYPE'],
  [{ validate: { file: 'true', shell: true } }, 'ERR_INVALID_ARG_VALUE'],
  [{ onProgress: 1 }, 'ERR_INVALID_ARG_TYPE'],
  [{ timeout: 3 }, 'ERR_INVALID_ARG_VALUE'],
])('requestRestart with %j is %s', async (wrong, code) => {
  await expect(requestRestart({ path: room.path, ...wrong } as never)).rejects.toMatchObject({ code })
})
