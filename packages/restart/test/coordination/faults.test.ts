// Traps that the coordination socket and its command once fell into.
import { chmodSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runRestartCommand } from '../../src/cli/run-restart-command.js'
import { ping } from '../../src/coordination/ping.js'
import { requestRestart } from '../../src/coordination/request-restart.js'
import { RestartError } from '../../src/errors/restart-error.js'
import { killPrograms, startProgram as startChild } from '../park/program.js'
import { CoordinationRoom, RawAsker, scriptedHandler } from './coordination-room.js'
import { startProgram } from './processes.js'

let room: CoordinationRoom
beforeEach(() => {
  room = new CoordinationRoom()
})
afterEach(async () => {
  await killPrograms()
  await room.close()
})

test('an instance that may no longer write to the folder of its socket still closes it', async () => {
  const server = await room.open(scriptedHandler())
  const asker = new RawAsker(room.path)
  await waitFor(() => asker.messages.length > 0, { message: 'hello' })
  const { fd } = server
  chmodSync(room.directory, 0o555)
  process.seteuid!(65_534)
  try {
    await server.close({ unlink: true, timeoutMs: 0 })
  } finally {
    process.seteuid!(0)
    chmodSync(room.directory, 0o755)
  }
  await asker.closed
  expect(() => statSync(`/proc/self/fd/${fd}/`)).toThrow()
  expect(existsSync(room.path)).toBe(true)
  await expect(ping({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_LISTENING' })
})

test.each([
  ['an exit that is no JSON', Object.assign(new Error('no'), { exit: { code: 1n, signal: {} } })],
  ['an exit that throws', Object.assign(new Error('no'), { exit: { toJSON: () => JSON.parse('{') } })],
  ['words that are no string', Object.assign(new Error('no'), { message: { toString: null } })],
  ['lines that cannot be strings', Object.assign(new Error('no'), { stderr: [Object.create(null)] })],
  ['nothing that can be a string', Object.create(null)],
])('a handler that rejects with %s is answered, and the instance goes on', async (_, reason) => {
  await room.open(scriptedHandler({ restart: () => Promise.reject(reason) }))
  await expect(requestRestart({ path: room.path, timeoutMs: 5_000 })).rejects.toMatchObject({
    code: 'ERR_RESTART_FAILED',
  })
  expect(await ping({ path: room.path })).toMatchObject({ pid: process.pid })
})

const isOf = (code: string) => (error: unknown) => error instanceof RestartError && error.code === code

test('a configuration that is looked at for ever does not outlast the time that was given', async () => {
  const validate = () => new Promise<never>(() => {})
  const asking = requestRestart({ path: room.path, timeoutMs: 20, validate })
  await expect(asking).rejects.toSatisfy(isOf('ERR_RESTART_CONFIG_INVALID'))
})

test('a configuration that is looked at for ever does not outlast the signal', async () => {
  const giveUp = new AbortController()
  let looking = () => {}
  const begun = new Promise<void>((resolve) => {
    looking = resolve
  })
  const validate = () => {
    looking()
    return new Promise<never>(() => {})
  }
  const asking = requestRestart({ path: room.path, signal: giveUp.signal, validate })
  await begun
  giveUp.abort()
  await expect(asking).rejects.toMatchObject({ name: 'AbortError' })
})

test('a signal that was aborted before runs no check, and leaves no failure behind that nobody catches', async () => {
  const uncaught: unknown[] = []
  const listener = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', listener)
  const validate = { file: join(room.directory, 'nothing') }
  await expect(
    requestRestart({ path: room.path, signal: AbortSignal.abort(), validate }),
  ).rejects.toMatchObject({ name: 'AbortError' })
  await new Promise(setImmediate)
  process.off('uncaughtException', listener)
  expect(uncaught).toEqual([])
})

test('a check that leaves something running in the background is over when it ends, not when its output does', async () => {
  const handler = scriptedHandler()
  await room.open(handler)
  const check = (status: number) => ({ file: 'sh', args: ['-c', `sleep 30 & echo $!; exit ${status}`] })
  const refused = await requestRestart({ path: room.path, validate: check(3) }).then(
    () => undefined,
    (error) => error,
  )
  expect(refused).toMatchObject({ code: 'ERR_RESTART_CONFIG_INVALID', exit: { code: 3, signal: null } })
  process.kill(Number(refused.stderr[0]))
})

test('a check that cannot be run for want of descriptors is refused, and nothing is thrown that nobody can catch', async () => {
  const command = ['prlimit', '--nofile=64:64']
  const program = startChild('no-descriptors', ['validate', room.path], { command })
  expect(await program.next()).toEqual({ refused: 'ERR_RESTART_CONFIG_INVALID', uncaught: [] })
})

test('an asker without a descriptor left does not say that nobody listens', async () => {
  const program = startChild('no-descriptors', ['ask', room.path], { command: ['prlimit', '--nofile=64:64'] })
  expect(await program.next()).toEqual({ refused: 'EMFILE', uncaught: [] })
})

test('a reader that has had enough does not make a failed restart exit with 0', async () => {
  const handler = scriptedHandler()
  await room.open(handler)
  const running = startProgram(room, ['--json'])
  const restart = await handler.restartNumber(0)
  running.child.stdout!.destroy()
  restart.progress('starting')
  restart.progress('waiting')
  restart.fail(Object.assign(new Error('no'), { code: 'ERR_RESTART_CHILD_FAILED' }))
  expect(await running.ended).toEqual({ status: 1, signal: null })
})

test('an application whose output is closed gets an exit status, not an exception', async () => {
  await room.open(scriptedHandler())
  const closed = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const told: string[] = []
  const stderr = new Writable({ write: (chunk, _, done) => done(void told.push(String(chunk))) })
  const run = (argv: string[]) => runRestartCommand({ path: room.path, argv, stdout: closed, stderr })
  expect(await run(['status'])).toBe(0)
  expect(await run(['ping'])).toBe(0)
  expect(told).toEqual([])
})
