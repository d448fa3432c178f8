// What an instance does for those who ask over its coordination socket.

import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ping } from '../../src/coordination/ping.js'
import type { Progress } from '../../src/coordination/protocol.js'
import { type RequestRestartOptions, requestRestart } from '../../src/coordination/request-restart.js'
import { requestRollback } from '../../src/coordination/request-rollback.js'
import { requestStatus } from '../../src/coordination/request-status.js'
import { requestStop } from '../../src/coordination/request-stop.js'
import { RestartError } from '../../src/errors/restart-error.js'
import { CoordinationRoom, STATUS, scriptedHandler } from './coordination-room.js'

let room: CoordinationRoom
beforeEach(() => {
  room = new CoordinationRoom()
})
afterEach(() => room.close())

/** A request whose progress is kept. */
function asked(options: Partial<RequestRestartOptions> = {}) {
  const progress: Progress[] = []
  const answer = requestRestart({ path: room.path, onProgress: (each) => progress.push(each), ...options })
  answer.catch(() => {})
  return { progress, answer, stages: () => progress.map(({ stage }) => stage) }
}

describe('a request', () => {
  test('to ping is answered with who is there', async () => {
    await room.open(scriptedHandler())
    expect(await ping({ path: room.path })).toEqual({ pid: process.pid, generation: 3 })
  })

  test('for the status is answered with all that the instance tells', async () => {
    await room.open(scriptedHandler())
    expect(await requestStatus({ path: room.path })).toEqual(STATUS)
  })

  test('to stop brings the bound for the work, and gives the report', async () => {
    const bounds: unknown[] = []
    const stop = async (options: object) => {
      bounds.push(options)
      return { clean: false, cut: [{ kind: 'request', name: 'http', count: 2 }] }
    }
    await room.open(scriptedHandler({ stop }))
    expect(await requestStop({ path: room.path, drainTimeoutMs: 250 })).toEqual({
      clean: false,
      cut: [{ kind: 'request', name: 'http', count: 2 }],
    })
    await requestStop({ path: room.path })
    expect(bounds).toEqual([{ drainTimeoutMs: 250 }, { drainTimeoutMs: undefined }])
  })

  test('to roll back gives who serves again', async () => {
    await room.open(scriptedHandler())
    expect(await requestRollback({ path: room.path })).toMatchObject({ pid: process.pid, generation: 3 })
  })

  test('to restart is told of every step with its details, and then the new process', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const { answer, progress } = asked()
    const restart = await handler.restartNumber(0)
    restart.progress('spawning')
    restart.progress('starting', { pid: 4243, generation: 4, remainingMs: 30_000 })
    restart.progress('handing-over', { pid: 4243, sockets: 2 })
    restart.progress('waiting', { pid: 4243, message: 'reading the cache' })
    restart.succeed()
    expect(await answer).toEqual({ pid: 4243, generation: 4, durationMs: 840 })
    expect(progress).toEqual([
      { stage: 'connecting' },
      { stage: 'spawning' },
      { stage: 'starting', pid: 4243, generation: 4, remainingMs: 30_000 },
      { stage: 'handing-over', pid: 4243, sockets: 2 },
      { stage: 'waiting', pid: 4243, message: 'reading the cache' },
    ])
  })

  test('that fails brings the words of the new process, how it ended and what it wrote', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const { answer } = asked()
    const failure = new RestartError('the new process said: config.json:12: port must be a number', {
      code: 'ERR_RESTART_CHILD_FAILED',
      stage: 'starting',
      hint: 'Repair the configuration and ask again',
    })
    const stderr = ['Error: port must be a number', '    at readConfig (/srv/app/config.js:12:9)']
    const details = { exit: { code: 1, signal: null }, stderr }
    ;(await handler.restartNumber(0)).fail(Object.assign(failure, details))
    await expect(answer).rejects.toMatchObject({
      name: 'RestartError',
      message: failure.message,
      code: failure.code,
      stage: 'starting',
      hint: failure.hint,
      ...details,
    })
  })

  test.each([
    [
      'rejects with a TypeError',
      () => Promise.reject(new TypeError('x is not a function')),
      'x is not a function',
    ],
    ['rejects with a string', () => Promise.reject('out of luck'), 'out of luck'],
    [
      'throws at once',
      () => {
        throw new Error('too early')
      },
      'too early',
    ],
    ['gives what JSON cannot hold', async () => ({ count: 1n }), 'BigInt'],
  ])('is answered also when the handler %s', async (_, stop, words) => {
    await room.open(scriptedHandler({ stop }))
    await expect(requestStop({ path: room.path })).rejects.toThrow(words)
    expect(await ping({ path: room.path })).toMatchObject({ generation: 3 })
  })

  test('is refused in words when the instance cannot say who it is', async () => {
    const identity = () => {
      throw new Error('not yet')
    }
    await room.open(scriptedHandler({ identity }))
    await expect(ping({ path: room.path })).rejects.toMatchObject({
      code: 'ERR_RESTART_FAILED',
      message: 'not yet',
    })
  })

  test('whose progress is no JSON is not failed by that', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const { answer } = asked()
    const restart = await handler.restartNumber(0)
    restart.progress('waiting', { pid: 1n } as never)
    restart.succeed()
    expect(await answer).toMatchObject({ pid: 4243 })
  })

  test('whose answer does not fit is told so', async () => {
    const status = () => ({ ...STATUS, kept: Array(10_000).fill('descriptor') })
    await room.open(scriptedHandler({ status }))
    await expect(requestStatus({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_TOO_LARGE' })
  })

  test('may follow an answered one on the same connection', async () => {
    await room.open(scriptedHandler())
    const asker = room.raw()
    asker.ask(1, { type: 'ping' })
    await asker.message({ id: 1, ok: true })
    asker.ask(2, { type: 'ping' })
    await asker.message({ id: 2, ok: true })
  })

  test('that comes before the answer to another is refused, and the other is answered', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const asker = room.raw()
    asker.ask(1, { type: 'restart' })
    const restart = await handler.restartNumber(0)
    asker.ask(2, { type: 'ping' })
    expect(await asker.message({ id: 2 })).toMatchObject({ ok: false, code: 'ERR_RESTART_MALFORMED' })
    restart.succeed()
    await asker.message({ id: 1, ok: true })
  })

  test('of who ends its half of the connection, as socat does, is answered', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const asker = room.raw()
    asker.ask(1, { type: 'restart' })
    asker.socket.end()
    const restart = await handler.restartNumber(0)
    restart.progress('spawning')
    await asker.message({ stage: 'spawning' })
    restart.succeed()
    await asker.message({ id: 1, ok: true, pid: 4243 })
    await asker.closed
  })
})

describe('while a restart runs', () => {
  test('all who ask share it and its answer, and who comes late is told at once how far it is', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const first = asked()
    const restart = await handler.restartNumber(0)
    restart.progress('waiting', { pid: 4243 })
    const others = [...Array(10)].map(() => asked())
    await waitFor(() => others.every(({ progress }) => progress.length === 2))
    restart.progress('ready')
    restart.succeed()
    const answers = await Promise.all(others.map(({ answer }) => answer))
    for (const answer of answers) {
      expect(answer).toEqual({ pid: 4243, generation: 4, durationMs: 840, beganBeforeMs: expect.any(Number) })
    }
    expect(others[0]!.stages()).toEqual(['connecting', 'waiting', 'ready'])
    expect(await first.answer).not.toHaveProperty('beganBeforeMs')
    expect(handler.restarts).toHaveLength(1)
  })

  test('all who share it get its failure, and the next one begins anew', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const askers = [asked()]
    const restart = await handler.restartNumber(0)
    restart.progress('spawning')
    askers.push(asked())
    await waitFor(() => askers[1]!.progress.length === 2)
    restart.fail(new RestartError('no memory', { code: 'ENOMEM' }))
    for (const { answer } of askers) await expect(answer).rejects.toMatchObject({ code: 'ENOMEM' })
    const next = asked()
    ;(await handler.restartNumber(1)).succeed()
    expect(await next.answer).toMatchObject({ pid: 4243 })
  })

  test("another is refused if the asker or the instance wants 'refuse'", async () => {
    const handler = scriptedHandler()
    await room.open(handler, { busy: 'refuse' })
    const first = asked()
    const restart = await handler.restartNumber(0)
    await expect(asked().answer).rejects.toMatchObject({ code: 'ERR_RESTART_BUSY' })
    await expect(asked({ busy: 'refuse' }).answer).rejects.toMatchObject({ code: 'ERR_RESTART_BUSY' })
    const sharing = asked({ busy: 'share' })
    restart.progress('spawning')
    await waitFor(() => sharing.progress.length === 2)
    restart.succeed()
    await Promise.all([first.answer, sharing.answer])
  })

  test("those who want 'wait' share one more after it, so that what changed since is in it", async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const first = asked()
    const restart = await handler.restartNumber(0)
    restart.progress('spawning')
    const waiting = [asked({ busy: 'wait' }), asked({ busy: 'wait' })]
    await waitFor(() => waiting.every(({ progress }) => progress.length === 2))
    restart.fail(new Error('the old configuration was wrong'))
    await expect(first.answer).rejects.toThrow('the old configuration was wrong')
    const second = await handler.restartNumber(1)
    second.progress('waiting')
    await waitFor(() => waiting.every(({ stages }) => stages().at(-1) === 'waiting'))
    second.succeed({ generation: 5 })
    for (const { answer } of waiting) {
      expect(await answer).toEqual({ pid: 4243, generation: 5, durationMs: 840 })
    }
    expect(handler.restarts).toHaveLength(2)
  })

  test('its status and a ping are answered', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const { answer } = asked()
    const restart = await handler.restartNumber(0)
    expect(await ping({ path: room.path })).toMatchObject({ generation: 3 })
    expect(await requestStatus({ path: room.path })).toMatchObject({ generation: 3 })
    restart.succeed()
    await answer
  })

  test.each(['spawning', 'starting', 'handing-over', 'waiting', 'holding', 'ready'] as const)(
    'an asker that is gone after %s cancels nothing',
    async (stage) => {
      const handler = scriptedHandler()
      await room.open(handler)
      const gone = room.raw()
      gone.ask(1, { type: 'restart' })
      const restart = await handler.restartNumber(0)
      restart.progress(stage)
      const staying = asked()
      await gone.message({ stage })
      await waitFor(() => staying.progress.length === 2)
      gone.socket.destroy()
      await gone.closed
      for (let step = 0; step < 5; step++) restart.progress(stage, { remainingMs: step })
      restart.succeed()
      expect(await staying.answer).toMatchObject({ pid: 4243 })
      expect(handler.restarts).toHaveLength(1)
    },
  )

  test('it goes on when all askers are gone', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const gone = room.raw()
    gone.ask(1, { type: 'restart' })
    const restart = await handler.restartNumber(0)
    gone.socket.destroy()
    restart.progress('waiting')
    restart.fail(new Error('nobody hears this'))
    const next = asked()
    ;(await handler.restartNumber(1)).succeed()
    await next.answer
  })
})

describe('closing', () => {
  test('lets the running requests be answered, and their askers go', async () => {
    const handler = scriptedHandler()
    const server = await room.open(handler)
    const { answer } = asked()
    const restart = await handler.restartNumber(0)
    const idle = room.raw()
    await idle.message({ type: 'hello' })
    const closed = server.close()
    await idle.closed
    restart.progress('ready')
    restart.succeed()
    expect(await answer).toMatchObject({ pid: 4243 })
    await closed
    expect(server.fd).toBe(-1)
    await server.close()
    server.pause()
    server.resume()
  })

  test('answers what takes too long with ERR_RESTART_CLOSED', async () => {
    const handler = scriptedHandler()
    const server = await room.open(handler)
    const { answer } = asked()
    const restart = await handler.restartNumber(0)
    await server.close({ timeoutMs: 10 })
    await expect(answer).rejects.toMatchObject({ code: 'ERR_RESTART_CLOSED' })
    restart.succeed()
  })

  test('resolves although an asker does not read', async () => {
    const handler = scriptedHandler()
    const server = await room.open(handler)
    const silent = room.raw({ isReading: false })
    silent.ask(1, { type: 'restart' })
    const restart = await handler.restartNumber(0)
    const closed = server.close({ timeoutMs: 100 })
    restart.succeed()
    await closed
  })
})

test('a pause lets askers wait, and they are heard after it', async () => {
  const handler = scriptedHandler()
  const server = await room.open(handler)
  const early = room.raw()
  await early.message({ type: 'hello' })
  server.pause()
  const waiting = ping({ path: room.path })
  early.ask(1, { type: 'ping' })
  await early.message({ id: 1, ok: true })
  server.resume()
  expect(await waiting).toMatchObject({ generation: 3 })
})
