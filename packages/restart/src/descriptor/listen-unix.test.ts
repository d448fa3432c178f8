import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import { listenUnix } from './listen-unix.js'
import { pathOf, setModeIfBound, unlinkIfBound } from './socket-file.js'

let directory: string
let path: string
const opened: number[] = []
const umask = process.umask()
const before = { descriptors: 0 }

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'listen-unix-'))
  path = join(directory, 'app.sock')
  before.descriptors = readdirSync('/proc/self/fd').length
})
afterEach(() => {
  process.umask(umask)
  for (const fd of opened.splice(0)) binding().closeFd(fd)
  rmSync(directory, { recursive: true })
  // Nothing leaks, however a test went.
  expect(readdirSync('/proc/self/fd').length).toBe(before.descriptors)
})

async function listen(mode?: number): Promise<number> {
  const fd = await listenUnix(path, { mode })
  opened.push(fd)
  return fd
}

function close(fd: number): void {
  opened.splice(opened.indexOf(fd), 1)
  binding().closeFd(fd)
}

const modeOf = () => lstatSync(path).mode & 0o777

test.each([0o000, 0o022, 0o077, 0o777])(
  'the path has exactly the mode that was asked for, with umask %o',
  async (mask) => {
    process.umask(mask)
    for (const mode of [0o600, 0o660, 0o666, 0o777, 0]) {
      const fd = await listen(mode)
      expect(modeOf()).toBe(mode)
      close(fd)
    }
    expect(process.umask()).toBe(mask)
  },
)

test('the lock is gone when it has served', async () => {
  await listen()
  expect(readdirSync(directory)).toEqual(['app.sock'])
})

test('a stale path is replaced', async () => {
  close(await listen())
  expect(existsSync(path)).toBe(true)
  const fd = await listen()
  expect(pathOf(fd)).toBe(path)
  const client = connect(path)
  await once(client, 'connect')
  client.destroy()
})

test('a path that somebody listens on is not stolen', async () => {
  const fd = await listen()
  const { ino } = lstatSync(path)
  await expect(listenUnix(path)).rejects.toMatchObject({
    name: 'RestartError',
    code: 'EADDRINUSE',
    hint: expect.stringContaining('ss -Hxlp'),
  })
  expect(lstatSync(path).ino).toBe(ino)
  expect(pathOf(fd)).toBe(path)
  expect(readdirSync(directory)).toEqual(['app.sock'])
})

test('a path whose listener accepts nobody, its queue full, is not stolen', async () => {
  opened.push(binding().listenUnix(path, 0o600, 0))
  const clients: number[] = []
  const fill = () => {
    for (;;) clients.push(binding().connectUnix(path))
  }
  expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN' }))
  await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  for (const fd of clients) binding().closeFd(fd)
})

test('a server does not notice that somebody has tried its path, which has brought servers down', async () => {
  const heard: unknown[] = []
  const server = createServer((connection) => heard.push(connection.destroy())).listen(path)
  await once(server, 'listening')
  await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  const client = connect(path)
  await once(client, 'close')
  expect(heard).toHaveLength(1)
  server.close()
})

test('the path of a server of Node is not stolen, and is when it is gone without a word', async () => {
  const server = createServer().listen(path)
  await once(server, 'listening')
  await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  server.close()
  await once(server, 'close')
  await listen()
})

test.each(['a file', 'a directory', 'a link to nowhere'])('%s at the path is not removed', async (what) => {
  if (what === 'a file') writeFileSync(path, 'data')
  else if (what === 'a directory') execFileSync('mkdir', [path])
  else symlinkSync('/nowhere/at/all', path)
  await expect(listenUnix(path)).rejects.toMatchObject({
    code: 'EADDRINUSE',
    hint: expect.stringContaining('no socket'),
  })
  expect(() => lstatSync(path)).not.toThrow()
})

test('a link to a socket is neither followed nor replaced', async () => {
  const target = join(directory, 'target.sock')
  const stale = await listenUnix(target)
  binding().closeFd(stale)
  symlinkSync(target, path)
  await expect(listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(lstatSync(path).isSymbolicLink()).toBe(true)
})

test('of many that begin at once over a stale path one wins', async () => {
  close(await listen())
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => listenUnix(path)))
  const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled')
  for (const { value } of winners) opened.push(value)
  expect(winners).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'EADDRINUSE' })
  }
  expect(pathOf(winners[0]!.value)).toBe(path)
})

test('a lock that nobody lets go of is waited for, no longer than timeoutMs or signal say', async () => {
  const lock = binding().lockFile(`${path}.lock`)
  await expect(listenUnix(path, { timeoutMs: 5 })).rejects.toMatchObject({
    code: 'ERR_RESTART_TIMED_OUT',
    hint: expect.stringContaining('fuser'),
  })
  await expect(listenUnix(path, { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({
    name: expect.stringMatching(/AbortError|TimeoutError/),
  })
  const waiting = listen()
  binding().closeFd(lock)
  await waiting
})

test('a lock file that a crash left behind keeps nobody out', async () => {
  writeFileSync(`${path}.lock`, '')
  await listen()
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('a directory that is not there is named', async () => {
  await expect(listenUnix(join(directory, 'none', 'app.sock'))).rejects.toMatchObject({
    code: 'ENOENT',
    hint: expect.stringContaining('RuntimeDirectory='),
  })
})

test('unlink removes the path only while it is this socket’s', async () => {
  const old = await listen()
  renameSync(path, `${path}.moved`)
  const successor = await listen()
  expect(unlinkIfBound(old)).toBe(false)
  expect(existsSync(path)).toBe(true)
  expect(setModeIfBound(old, 0o777)).toBe(false)
  expect(setModeIfBound(successor, 0o640)).toBe(true)
  expect(modeOf()).toBe(0o640)
  expect(unlinkIfBound(successor)).toBe(true)
  expect(existsSync(path)).toBe(false)
  expect(unlinkIfBound(successor)).toBe(false)
})
