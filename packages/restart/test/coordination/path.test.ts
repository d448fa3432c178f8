// The file that the coordination socket is: who may use it, and whose it is.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { adoptCoordination, openCoordination } from '../../src/coordination/open-coordination.js'
import { ping } from '../../src/coordination/ping.js'
import { requestRestart } from '../../src/coordination/request-restart.js'
import { CoordinationRoom, scriptedHandler } from './coordination-room.js'
import { NOBODY, runProgram, startInstance } from './processes.js'

let room: CoordinationRoom
beforeEach(() => {
  room = new CoordinationRoom()
})
afterEach(() => room.close())

const open = (path: string) => openCoordination({ path, handler: scriptedHandler() })

const octal = (digits: string) => Number.parseInt(digits, 8)

describe('the file', () => {
  test.each([
    ['000', undefined, '600'],
    ['777', undefined, '600'],
    ['022', '660', '660'],
    ['077', '666', '666'],
  ])('under umask %s, asked for %s, has mode %s', async (umask, mode, expected) => {
    const before = process.umask(octal(umask))
    const starting = startInstance(room, { mode: mode && octal(mode) })
    process.umask(before)
    const { running, answer } = await starting
    expect(answer.listening).toBe(true)
    expect(lstatSync(room.path).mode & 0o777).toBe(octal(expected))
    expect(readdirSync(room.directory)).toEqual(['coordination.sock'])
    running.child.stdin!.end()
    expect(await running.ended).toEqual({ status: 0, signal: null })
    expect(readdirSync(room.directory)).toEqual([])
  })

  test('that a dead instance left is replaced', async () => {
    const { running } = await startInstance(room)
    running.child.kill('SIGKILL')
    await running.ended
    expect(existsSync(room.path)).toBe(true)
    await expect(ping({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_LISTENING' })
    await room.open(scriptedHandler())
    expect(await ping({ path: room.path })).toMatchObject({ pid: process.pid })
  })

  test('of a living instance is never taken away, and its process is named', async () => {
    const { running } = await startInstance(room)
    await expect(open(room.path)).rejects.toMatchObject({
      code: 'ERR_RESTART_ALREADY_RUNNING',
      message: `${room.path} is the coordination socket of a running instance: process ${running.pid} listens there`,
    })
    expect(await ping({ path: room.path })).toMatchObject({ pid: running.pid })
  })

  test('of an instance that does not turn its loop is not taken away either, nor when its queue is full', async () => {
    const { running } = await startInstance(room)
    running.child.kill('SIGSTOP')
    room.atEnd(() => running.child.kill('SIGCONT'))
    await expect(open(room.path)).rejects.toMatchObject({ code: 'ERR_RESTART_ALREADY_RUNNING' })
    const waiting: number[] = []
    room.atEnd(() => waiting.forEach((fd) => void binding().closeFd(fd)))
    expect(() => {
      while (waiting.length < 10_000) waiting.push(binding().connectUnix(room.path))
    }).toThrow(expect.objectContaining({ code: 'EAGAIN' }))
    await expect(open(room.path)).rejects.toMatchObject({ code: 'ERR_RESTART_ALREADY_RUNNING' })
  })

  test('of a paused instance is not taken away', async () => {
    const server = await room.open(scriptedHandler())
    server.pause()
    await expect(open(room.path)).rejects.toMatchObject({ code: 'ERR_RESTART_ALREADY_RUNNING' })
  })

  test('is got by one of several instances that start at once, also over a stale one', async () => {
    const dead = await startInstance(room)
    dead.running.child.kill('SIGKILL')
    await dead.running.ended
    const started = await Promise.all([...Array(4)].map(() => startInstance(room)))
    const codes = started.map(({ answer }) => answer.code ?? 'listens').sort()
    expect(codes).toEqual([...Array(3).fill('ERR_RESTART_ALREADY_RUNNING'), 'listens'])
    const winner = started.find(({ answer }) => answer.listening)!
    expect(await ping({ path: room.path })).toMatchObject({ pid: winner.running.pid })
  })

  test('is left alone by an instance that closes without its path, and by one that is not its owner any more', async () => {
    const first = await open(room.path)
    await first.close()
    expect(existsSync(room.path)).toBe(true)
    const second = await open(room.path)
    room.atEnd(() => second.close())
    const moved = join(room.directory, 'other.sock')
    const third = await open(moved)
    // Where the third listened is now the second.
    renameSync(room.path, moved)
    await third.close({ unlink: true })
    expect(lstatSync(moved).isSocket()).toBe(true)
    expect(await ping({ path: moved })).toMatchObject({ pid: process.pid })
  })
})

describe('a path is refused with what to do about it', () => {
  test.each([
    ['a regular file', (path: string) => writeFileSync(path, 'precious'), 'EADDRINUSE', 'no socket'],
    ['a directory', (path: string) => mkdirSync(path), 'EADDRINUSE', 'no socket'],
    ['a dangling link', (path: string) => symlinkSync('nowhere', path), 'EADDRINUSE', 'no socket'],
  ])('that is %s, which stays', async (_, make, code, hint) => {
    make(room.path)
    const before = lstatSync(room.path)
    await expect(open(room.path)).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) })
    expect(lstatSync(room.path).ino).toBe(before.ino)
    if (before.isFile()) expect(readFileSync(room.path, 'utf8')).toBe('precious')
  })

  test('whose directory is missing', async () => {
    await expect(open(join(room.directory, 'gone', 'c.sock'))).rejects.toMatchObject({
      code: 'ENOENT',
      hint: expect.stringContaining(`no directory ${join(room.directory, 'gone')}`),
    })
  })

  test('whose directory this user may not write to', async () => {
    chmodSync(room.directory, 0o755)
    const { answer } = await startInstance(room, {}, NOBODY)
    expect(answer).toMatchObject({
      listening: false,
      code: 'EACCES',
      hint: expect.stringContaining('RuntimeDirectory='),
    })
  })

  test('that is longer than the kernel takes; what just fits is taken', async () => {
    const pathOf = (bytes: number) => join(room.directory, 'x'.repeat(bytes - room.directory.length - 1))
    await expect(open(pathOf(108))).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringContaining('at most 107 bytes as an absolute path (it has 108)'),
    })
    await expect(ping({ path: pathOf(108) })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    const server = await open(pathOf(107))
    expect(await ping({ path: pathOf(107) })).toMatchObject({ pid: process.pid })
    await server.close({ unlink: true })
  })

  test.each(['', '@restart', '\0restart', 'a\0b'])(
    'that is %j: whoever could reach it, could use it',
    async (path) => {
      await expect(open(path)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    },
  )
})

describe('another user', () => {
  const ask = (...args: string[]) => runProgram(room, args, NOBODY)

  beforeEach(() => chmodSync(room.directory, 0o755))

  test('is kept out by the mode of the file, and told whose it is', async () => {
    await room.open(scriptedHandler())
    const { status, stdout, stderr } = await ask('restart')
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' })
    expect(stderr).toContain(
      `uid 65534 may not connect to ${room.path}, which belongs to uid 0 with mode 0600; nothing was asked [ERR_RESTART_NOT_PERMITTED]`,
    )
    expect(stderr).toContain('as root: sudo')
  })

  test('is refused also where the mode lets it in', async () => {
    await room.open(scriptedHandler(), { mode: 0o660 })
    chownSync(room.path, 0, NOBODY.gid)
    for (const command of ['restart', 'status', 'stop', 'rollback', 'ping']) {
      const { status, stderr } = await ask(command)
      expect(stderr).toContain(
        'uid 65534 may not ask this instance, which uid 0 runs [ERR_RESTART_NOT_PERMITTED]',
      )
      expect(status).toBe(5)
    }
  })

  test('is let in if `allow` says so, and knows who it is', async () => {
    const peers: unknown[] = []
    const allow = (peer: { uid: number }) => peers.push(peer) > 0 && peer.uid === NOBODY.uid
    await room.open(scriptedHandler(), { mode: 0o666, allow })
    expect(await ask('ping')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`process ${process.pid}`),
    })
    expect(peers).toEqual([{ ...NOBODY, pid: expect.any(Number) }])
    await expect(ping({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_PERMITTED' })
  })

  test('is refused if `allow` throws or says anything but true', async () => {
    const answers = [
      () => {
        throw new Error('who are you?')
      },
      () => 1,
      async () => true,
    ]
    const allow = () => answers.shift()?.() as unknown as boolean
    await room.open(scriptedHandler(), { allow })
    for (let count = 0; count < 4; count++) {
      await expect(ping({ path: room.path })).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_PERMITTED' })
    }
  })

  test('runs an instance that root may ask, and that may not ask those of root', async () => {
    chmodSync(room.directory, 0o777)
    const { running, answer } = await startInstance(room, {}, NOBODY)
    expect(answer.listening).toBe(true)
    expect(await requestRestart({ path: room.path })).toMatchObject({ pid: running.pid })
  })
})

describe('a successor', () => {
  test('goes on with the socket that it was lent, and hears those who came meanwhile', async () => {
    const server = await room.open(scriptedHandler())
    server.pause()
    const waiting = ping({ path: room.path, timeoutMs: 20_000 })
    const { running, answer } = await startInstance(
      room,
      { fd: 3, generation: 4 },
      { stdio: ['pipe', 'pipe', 'pipe', server.fd] },
    )
    expect(answer.listening).toBe(true)
    expect(await waiting).toEqual({ pid: running.pid, generation: 4 })
    await server.close()
    expect(await ping({ path: room.path })).toMatchObject({ pid: running.pid })
    // The kernel would name the process that listened first.
    await expect(open(room.path)).rejects.toThrow(`process ${running.pid} listens there`)
    running.child.stdin!.end()
    await running.ended
    expect(existsSync(room.path)).toBe(false)
  })

  test('that dies leaves the socket to its predecessor, which goes on', async () => {
    const server = await room.open(scriptedHandler())
    server.pause()
    const { running } = await startInstance(room, { fd: 3 }, { stdio: ['pipe', 'pipe', 'pipe', server.fd] })
    running.child.kill('SIGKILL')
    await running.ended
    const waiting = ping({ path: room.path })
    server.resume()
    expect(await waiting).toMatchObject({ pid: process.pid })
    await expect(open(room.path)).rejects.toThrow(`process ${process.pid} listens there`)
  })

  test('is refused what is no listening Unix socket, and the descriptor is closed', async () => {
    const [one, other] = binding().socketPair('stream')
    const adopt = adoptCoordination({ fd: one, path: room.path, handler: scriptedHandler() })
    await expect(adopt).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_A_LISTEN_SOCKET' })
    expect(() => binding().closeFd(one)).toThrow(expect.objectContaining({ code: 'EBADF' }))
    binding().closeFd(other)
  })
})

test('an instance that has no descriptor left hears askers again when it has some', async () => {
  const { running } = await startInstance(room)
  const limit = (count: number) => execFileSync('prlimit', [`--pid=${running.pid}`, `--nofile=${count}:`])
  limit(4)
  await expect(ping({ path: room.path, timeoutMs: 300 })).rejects.toMatchObject({
    code: 'ERR_RESTART_NOT_ANSWERING',
  })
  const waiting = ping({ path: room.path, timeoutMs: 20_000 })
  limit(1_024)
  expect(await waiting).toMatchObject({ pid: running.pid })
})

test.each([
  [{ handler: undefined }, 'ERR_INVALID_ARG_TYPE'],
  [{ handler: {} }, 'ERR_INVALID_ARG_TYPE'],
  [{ mode: '600' }, 'ERR_INVALID_ARG_TYPE'],
  [{ mode: 0o1777 }, 'ERR_INVALID_ARG_VALUE'],
  [{ allow: true }, 'ERR_INVALID_ARG_TYPE'],
  [{ busy: 'maybe' }, 'ERR_INVALID_ARG_VALUE'],
  [{ askTimeoutMs: -1 }, 'ERR_INVALID_ARG_VALUE'],
  [{ maxAskers: 0 }, 'ERR_INVALID_ARG_VALUE'],
  [{ maxAsker: 3 }, 'ERR_INVALID_ARG_VALUE'],
  [{ path: 7 }, 'ERR_INVALID_ARG_TYPE'],
])('openCoordination with %j is %s', async (wrong, code) => {
  const options = { path: room.path, handler: scriptedHandler(), ...wrong }
  await expect(openCoordination(options as never)).rejects.toMatchObject({ code })
})
