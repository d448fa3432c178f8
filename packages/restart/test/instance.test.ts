import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart, requestStatus, requestStop } from '../src/index.js'
import { kill, ServiceRoom, servicePath } from './service-room.js'

test('a second instance in a process is refused while the first lives; relative paths are those of the start', async () => {
  await using room = new ServiceRoom()
  const program = fileURLToPath(new URL('./programs/second-instance.mjs', import.meta.url))
  const child = spawn(process.execPath, [program], {
    cwd: room.folder,
    env: { ...process.env, SERVICE_FOLDER: room.folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  expect(JSON.parse(await text(child.stdout))).toEqual({
    pid: child.pid,
    whileFirstOpens: 'ERR_RESTART_SECOND_INSTANCE',
    whileFirstLives: 'ERR_RESTART_SECOND_INSTANCE',
    files: [true, `${child.pid}`],
    left: false,
    unknown: 'ERR_INVALID_ARG_VALUE',
    handlers: 0,
  })
  // Nothing held it open.
  await waitFor(() => child.exitCode === 0, { timeoutMs: 15_000 })
})

test('the script behind a link named current is looked up anew at each restart', async () => {
  await using room = new ServiceRoom()
  const current = join(room.folder, 'current')
  for (const release of ['1', '2']) {
    mkdirSync(join(room.folder, 'releases', release), { recursive: true })
    const words = `globalThis.release = '${release}'\nawait import('${servicePath}')\n`
    writeFileSync(join(room.folder, 'releases', release, 'main.mjs'), words)
  }
  symlinkSync('releases/1', current)
  room.program = join(current, 'main.mjs')
  await room.start()
  expect(await room.ask()).toMatchObject({ release: '1' })
  rmSync(current)
  symlinkSync('releases/2', current)
  const { pid } = await requestRestart({ path: room.control })
  expect(await room.waitForAnswer((answer) => answer.pid === pid)).toMatchObject({ release: '2' })
})

test('the PID file is about who serves: over restarts, a failed one, and a crash', async () => {
  await using room = new ServiceRoom()
  const pidFile = join(room.folder, 'app.pid')
  const content = () => Number(readFileSync(pidFile, 'utf8'))
  const first = await room.start({ options: { pidFile } })
  expect(content()).toBe(first.pid)
  // A version that fails when it takes over: its own PID file cannot be written.
  room.deploy({ options: { pidFile: join(room.folder, 'nowhere', 'app.pid') } })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_FAILED',
    message: expect.stringContaining('nowhere'),
  })
  expect(content()).toBe(first.pid)
  room.deploy({ options: { pidFile } })
  for (let generation = 1; generation <= 3; generation++) {
    const { pid } = await requestRestart({ path: room.control })
    expect(content()).toBe(pid)
  }
  await waitFor(() => room.livingPids().length === 1)
  const [killed] = room.livingPids() as [number]
  kill(killed)
  await waitFor(() => !room.isOurs(killed))
  const next = await room.start({ options: { pidFile } })
  expect(content()).toBe(next.pid)
  await requestStop({ path: room.control })
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
  expect(existsSync(pidFile)).toBe(false)
})

test('what cannot be removed at the end neither crashes the process nor keeps it from ending', async () => {
  await using room = new ServiceRoom()
  const pidFile = join(room.folder, 'app.pid')
  const child = await room.start({ options: { pidFile } })
  rmSync(pidFile)
  mkdirSync(pidFile)
  await requestStop({ path: room.control })
  await waitFor(() => child.exitCode !== null, { timeoutMs: 15_000 })
  expect(child.exitCode).toBe(0)
  expect(room.events().at(-1)).toBe(`ended ${child.pid} stopped`)
  expect(existsSync(room.control)).toBe(false)
})

test('a next version that cannot open its instance says why at once, also if its program lives on', async () => {
  await using other = new ServiceRoom()
  await other.start()
  await using room = new ServiceRoom()
  const first = await room.start()
  room.deploy({ options: { coordination: { path: other.control } }, catchOpen: true })
  await expect(requestRestart({ path: room.control, timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_FAILED',
    message: expect.stringContaining('is the coordination socket of a running instance'),
  })
  expect(await room.ask()).toMatchObject({ pid: first.pid })
  expect(await requestStatus({ path: other.control })).toMatchObject({ generation: 0, state: 'serving' })
})

test('how long an older version drains is told from its beginning, not from the last restart', async () => {
  await using room = new ServiceRoom()
  await room.start()
  const held = room.holdRequest()
  await waitFor(() => held.bytesWritten > 0)
  await room.ask()
  await requestRestart({ path: room.control })
  const oldest = async () => {
    const { draining } = await requestStatus({ path: room.control })
    return draining.find(({ generation }) => generation === 0)!.sinceMs
  }
  await waitFor(async () => (await oldest()) > 100)
  const before = await oldest()
  await requestRestart({ path: room.control })
  expect(await oldest()).toBeGreaterThanOrEqual(before)
  held.destroy()
})

test('a variable that a file of the environment sets is read anew at each restart, and does not win over the file', async () => {
  await using room = new ServiceRoom()
  const file = join(room.folder, 'env')
  writeFileSync(file, 'OF_THE_FILE=1\n')
  room.program = join(room.folder, 'main.mjs')
  const words = `process.loadEnvFile('${file}')\nglobalThis.release = process.env.OF_THE_FILE\n`
  writeFileSync(room.program, `${words}await import('${servicePath}')\n`)
  await room.start()
  expect(await room.ask()).toMatchObject({ release: '1' })
  writeFileSync(file, 'OF_THE_FILE=2\n')
  const { pid } = await requestRestart({ path: room.control })
  expect(await room.waitForAnswer((answer) => answer.pid === pid)).toMatchObject({ release: '2' })
})

test('behind a wrapper that does not exec, a version that hangs is ended too, not the wrapper alone', async () => {
  await using room = new ServiceRoom()
  const command = { file: '/bin/sh', args: ['-c', `${process.execPath} ${servicePath}; true`] }
  const first = await room.start({ options: { command, readyTimeoutMs: 2_500 } })
  room.deploy({ waitFor: 'never' })
  await expect(requestRestart({ path: room.control, timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'ERR_RESTART_READY_TIMEOUT',
  })
  expect(room.pids()).toHaveLength(2)
  expect(room.livingPids()).toEqual([first.pid])
})

test('a crash while an older version drains does not keep the next start from listening', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  const held = room.holdRequest()
  await waitFor(() => held.bytesWritten > 0)
  await room.ask()
  const { pid } = await requestRestart({ path: room.control })
  kill(pid)
  await waitFor(() => !room.isOurs(pid))
  const next = await room.start()
  expect(await room.ask()).toMatchObject({ pid: next.pid, generation: 0 })
  expect(room.livingPids()).toEqual([first.pid, next.pid])
  held.destroy()
})

test.each<[string, object, string]>([
  ['with a word that nobody knows', { byte: 1 }, 'byte'],
  ['with a descriptor that is not open', { fds: { log: [9_999] } }, 'descriptor 9999 of fds.log'],
  ['with something else than descriptors', { fds: { log: 3 } }, 'fds.log'],
])('a state %s fails the restart in words, instead of being lost', async (_, gives, words) => {
  await using room = new ServiceRoom()
  await room.start({ state: { gives } })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_STATE_FAILED',
    message: expect.stringContaining(words),
  })
})

test('an older version whose work is done and whose process lives on is told as ended, also by versions that came later', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ stay: true })
  const oldest = async () => {
    const { draining } = await requestStatus({ path: room.control })
    return draining.find(({ pid }) => pid === first.pid)?.state
  }
  await requestRestart({ path: room.control })
  await waitFor(async () => (await oldest()) === 'ended')
  await requestRestart({ path: room.control })
  expect(await oldest()).toBe('ended')
})
