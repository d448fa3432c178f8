import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { openChannel } from '../../src/channel/fd-channel.js'
import type { Companion } from '../../src/park/companion.js'
import { openCompanion } from '../../src/park/open-companion.js'
import { killPrograms, startProgram } from './program.js'

interface Owner {
  pid: number
  ports: number[]
}

interface Heir {
  pid: number
  refused: { code: string; hint: string } | null
  sets: [string, number[]][]
  left: [string, number][]
}

let folder: string
let path: string
const companions: Companion[] = []
const toClose: number[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'restart-companion-'))
  path = join(folder, 'companion')
})

afterEach(async () => {
  await killPrograms()
  for (const companion of companions.splice(0)) await companion.close()
  for (const fd of toClose.splice(0)) binding().closeFd(fd)
  // Whatever the test made of them: none may stay.
  for (const pid of companionsIn(folder)) process.kill(pid, 'SIGKILL')
  await waitFor(() => companionsIn(folder).length === 0, { message: 'the end of all companions' })
  rmSync(folder, { recursive: true })
})

function companionsIn(place: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(`restart-companion ${place}/`)
    } catch {
      return false
    }
  })
}

async function open(options: Partial<Parameters<typeof openCompanion>[0]> = {}): Promise<Companion> {
  const companion = await openCompanion({ path, ...options })
  companions.push(companion)
  return companion
}

function listeners(count: number): number[] {
  const made = Array.from({ length: count }, () => binding().listenTcp('127.0.0.1', 0, 1, 0))
  toClose.push(...made)
  return made
}

function portsOf(fds: readonly number[]): number[] {
  return fds.map((fd) => {
    const description = binding().describeFd(fd)
    if (description.kind !== 'socket' || !description.local || !('port' in description.local)) return 0
    return description.local.port
  })
}

const companionsEnd = (pid: number) =>
  waitFor(() => !companionsIn(folder).includes(pid), {
    timeoutMs: 15_000,
    message: `the end of companion ${pid}`,
  })

test('two thousand sockets survive kill -9 of their owner, and no rival ever gets one of their ports', async () => {
  const owner = startProgram('companion-owner', [path, '2000'])
  const { pid, ports } = await owner.next<Owner>()
  expect(new Set(ports).size).toBe(2_000)

  const sample = ports.filter((_, index) => index % 40 === 0).map(String)
  const rival = startProgram('bind-rival', sample)
  expect(await rival.next()).toMatchObject({ won: 0 })

  await owner.kill()
  const heir = startProgram('companion-heir', [path])
  expect(await heir.next<Heir>()).toMatchObject({ pid, refused: null, sets: [['listen', ports]] })
  await companionsEnd(pid)
  expect(existsSync(path)).toBe(false)

  rival.say('stop')
  const { attempts, won } = await rival.next<{ attempts: number; won: number }>()
  expect(attempts).toBeGreaterThan(sample.length)
  expect(won).toBe(0)

  // The control: nobody holds them any more.
  await heir.kill()
  const control = await startProgram('bind-rival', sample).next<{ won: number }>()
  expect(control.won).toBeGreaterThan(0)
})

test('sets are kept by name, replaced, counted, forgotten, and copied while they stay', async () => {
  const companion = await open()
  const fds = listeners(300)
  await companion.keep('few', fds.slice(0, 3))
  await companion.keep('few', fds.slice(3, 5))
  await companion.keep('many', fds)
  await companion.keep('gone', fds.slice(0, 1))
  expect(await companion.forget('gone')).toBe(true)
  expect(await companion.forget('gone')).toBe(false)
  expect(await companion.list()).toEqual(
    new Map([
      ['few', 2],
      ['many', 300],
    ]),
  )
  for (let round = 0; round < 2; round++) {
    const copies = await companion.copy()
    for (const set of copies.values()) toClose.push(...set)
    expect(portsOf(copies.get('few')!)).toEqual(portsOf(fds.slice(3, 5)))
    expect(portsOf(copies.get('many')!)).toEqual(portsOf(fds))
  }
  await companion.keep('few', [])
  expect([...(await companion.list()).keys()]).toEqual(['many'])
})

test('a companion that gave everything back has ended, and the next one starts at the same path', async () => {
  const first = await open()
  await first.keep('one', listeners(1))
  const taken = await first.take()
  toClose.push(...[...taken.values()].flat())
  expect(taken.get('one')).toHaveLength(1)
  await first.ended
  const refused = expect.objectContaining({ code: 'ERR_RESTART_COMPANION_GONE' })
  await expect(first.list()).rejects.toThrow(refused)

  const second = await open()
  expect(second.pid).not.toBe(first.pid)
  expect(await second.list()).toEqual(new Map())
})

test('a companion that holds nothing ends with its last connection', async () => {
  const owner = startProgram('companion-owner', [path, '0'])
  const { pid } = await owner.next<Owner>()
  await owner.kill()
  await companionsEnd(pid)
  expect(existsSync(path)).toBe(false)
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('a companion that nobody comes back to lets go after orphanMs', async () => {
  const owner = startProgram('companion-owner', [path, '1', '50'])
  const { pid, ports } = await owner.next<Owner>()
  await owner.kill()
  await companionsEnd(pid)
  // A process that ends has lost its name a little before its descriptors.
  toClose.push(await waitFor(() => binding().listenTcp('127.0.0.1', ports[0]!, 1, 0)))
})

test('an owner that leaves on purpose ends the companion, unless its successor is connected', async () => {
  const owner = startProgram('companion-owner', [path, '1'])
  const { pid } = await owner.next<Owner>()
  const successor = await open()
  expect(successor.pid).toBe(pid)
  owner.say('leave')
  expect(await owner.ended()).toBe(0)
  expect(await successor.list()).toEqual(new Map([['listen', 1]]))
  await successor.close()
  await companionsEnd(pid)
})

test('an idle companion does not hold its owner open', async () => {
  const owner = startProgram('companion-idle', [path])
  expect(await owner.next()).toBe('kept')
  expect(await owner.ended()).toBe(0)
  const heir = startProgram('companion-heir', [path])
  expect(await heir.next<Heir>()).toMatchObject({ sets: [['one', [expect.any(Number)]]] })
})

test('the death of the companion is told, and the next one takes its path over', async () => {
  const companion = await open()
  await companion.keep('one', listeners(1))
  process.kill(companion.pid, 'SIGKILL')
  await companion.ended
  await expect(companion.keep('two', listeners(1))).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_COMPANION_GONE' }),
  )
  expect(existsSync(path)).toBe(true)
  const next = await open()
  expect(next.pid).not.toBe(companion.pid)
})

test('ten that open the same path at the same time get the same companion', async () => {
  const opened = await Promise.all(Array.from({ length: 10 }, () => open()))
  expect(new Set(opened.map(({ pid }) => pid)).size).toBe(1)
})

test('the socket is its owner’s alone', async () => {
  await open()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600)
})

test('another user does not get in, even if the path were open to everybody', async () => {
  const companion = await open()
  await companion.keep('one', listeners(1))
  for (const [each, mode] of [
    [folder, 0o777],
    [path, 0o777],
    [`${path}.lock`, 0o666],
  ] as const) {
    chmodSync(each, mode)
  }
  const nobody = { spawn: { uid: 65_534, gid: 65_534 } }
  const { refused } = await startProgram('companion-heir', [path], nobody).next<Heir>()
  expect(refused?.code).toBe('ERR_RESTART_COMPANION_FOREIGN')
  // Without the package's own check of the other side.
  const thief = startProgram('companion-thief', [path], nobody)
  expect(await thief.next()).toEqual({ received: 0, descriptors: 0 })
  expect(await companion.list()).toEqual(new Map([['one', 1]]))
})

test('what another user put at the path is refused and gets nothing', async () => {
  chmodSync(folder, 0o777)
  const squatter = startProgram('companion-owner', [path, '1'], { spawn: { uid: 65_534, gid: 65_534 } })
  const { pid } = await squatter.next<Owner>()
  await expect(openCompanion({ path })).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_COMPANION_FOREIGN', hint: expect.stringContaining('/run') }),
  )
  squatter.say('leave')
  await companionsEnd(pid)
})

test.each([
  ['a file', () => writeFileSync(path, 'x')],
  ['a socket of another kind', () => toClose.push(binding().listenUnix(path, 0o600, 1))],
])('%s at the path is refused and left alone', async (_, put) => {
  put()
  await expect(openCompanion({ path })).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_COMPANION_FOREIGN' }),
  )
  expect(existsSync(path)).toBe(true)
})

test.each([
  ['no such folder', 'nowhere/companion', 'ENOENT'],
  ['a path that is too long', 'x'.repeat(120), 'ENAMETOOLONG'],
])('%s is refused by name', async (_, name, code) => {
  await expect(openCompanion({ path: join(folder, name) })).rejects.toThrow(expect.objectContaining({ code }))
})

test('a descriptor that is not open is refused, and the companion goes on', async () => {
  const companion = await open()
  await expect(companion.keep('one', [19_999])).rejects.toThrow(expect.objectContaining({ code: 'EBADF' }))
  await companion.keep('one', listeners(1))
  expect(await companion.list()).toEqual(new Map([['one', 1]]))
})

test('an heir without room for all is told before it has any, and all stay', async () => {
  const companion = await open()
  await companion.keep('few', listeners(40))
  await companion.keep('many', listeners(260))
  const heir = startProgram('companion-heir', [path], { command: ['prlimit', '--nofile=200:200'] })
  expect(await heir.next<Heir>()).toMatchObject({
    refused: { code: 'ERR_RESTART_TOO_MANY_DESCRIPTORS' },
    left: [
      ['few', 40],
      ['many', 260],
    ],
  })
  const taken = await companion.take()
  toClose.push(...[...taken.values()].flat())
  expect([...taken.values()].map((fds) => fds.length)).toEqual([40, 260])
})

test('a request that is given up closes the connection and loses nothing', async () => {
  const companion = await open()
  await companion.keep('one', listeners(1))
  const second = await open()
  process.kill(companion.pid, 'SIGSTOP')
  try {
    await expect(second.list({ timeoutMs: 20 })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_RESTART_TIMED_OUT' }),
    )
    await second.ended
  } finally {
    process.kill(companion.pid, 'SIGCONT')
  }
  expect(await companion.list()).toEqual(new Map([['one', 1]]))
})

test('requests that are made at the same time are answered one after the other', async () => {
  const companion = await open()
  const fds = listeners(20)
  await Promise.all(fds.map((fd, index) => companion.keep(`socket ${index}`, [fd])))
  const copies = await companion.copy()
  for (const set of copies.values()) toClose.push(...set)
  expect([...copies.values()].map((set) => portsOf(set)[0])).toEqual(portsOf(fds))
})

test('an heir that is killed after it copied has taken nothing', async () => {
  const owner = startProgram('companion-owner', [path, '300'])
  const { ports } = await owner.next<Owner>()
  await owner.kill()
  const first = startProgram('companion-heir', [path, 'copy'])
  expect(await first.next<Heir>()).toMatchObject({ sets: [['listen', ports]] })
  await first.kill()
  const second = startProgram('companion-heir', [path])
  expect(await second.next<Heir>()).toMatchObject({ sets: [['listen', ports]] })
})

test.each([
  ['a request that there is not', Buffer.from('{"type":"nonsense"}')],
  ['bytes that are no message', Buffer.alloc(300, 0xff)],
  ['a flood', Buffer.alloc(60_000, 1)],
])('%s ends at most its own connection', async (_, bytes) => {
  const companion = await open()
  await companion.keep('one', listeners(1))
  const held = () => readdirSync(`/proc/${companion.pid}/fd`).length
  const before = held()
  const connection = binding().connectQueue(path)
  for (let count = 0; count < 20; count++) binding().sendMessage(connection, bytes, new Int32Array([0]))
  expect(await companion.list()).toEqual(new Map([['one', 1]]))
  binding().closeFd(connection)
  await waitFor(() => held() === before, { message: 'what came with the nonsense to be closed' })
})

test('a request of another version is refused in words, and the next one is answered', async () => {
  await open()
  const channel = openChannel(binding().connectQueue(path))
  expect(await channel.receive()).toMatchObject({ message: { type: 'hello', protocol: 1 } })
  for (const request of [{ type: 'toString' }, { type: 'keep', name: 1 }, {}]) {
    await channel.send(request, [0])
    expect(await channel.receive()).toMatchObject({
      message: { type: 'refused', code: 'ERR_RESTART_COMPANION_MALFORMED' },
      fds: [],
    })
  }
  await channel.send({ type: 'list' })
  expect(await channel.receive()).toEqual({ message: { type: 'done', found: false }, fds: [] })
  channel.close()
})

test('wrong arguments are refused before anything is asked', async () => {
  const companion = await open()
  const wrong: [() => Promise<unknown>, string][] = [
    [() => companion.keep('', [1]), 'ERR_INVALID_ARG_VALUE'],
    [() => companion.keep('a:b', [1]), 'ERR_INVALID_ARG_VALUE'],
    [() => companion.keep('é'.repeat(128), [1]), 'ERR_INVALID_ARG_VALUE'],
    [() => companion.keep(1 as never, [1]), 'ERR_INVALID_ARG_TYPE'],
    [() => companion.keep('a', 1 as never), 'ERR_INVALID_ARG_TYPE'],
    [() => companion.list({ timeout: 1 } as never), 'ERR_INVALID_ARG_VALUE'],
    [() => openCompanion({ path: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => openCompanion({ path: '' }), 'ERR_INVALID_ARG_VALUE'],
    [() => openCompanion({ path, orphanMs: -1 }), 'ERR_INVALID_ARG_VALUE'],
    [() => openCompanion({ path, timeout: 1 } as never), 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [action, code] of wrong) {
    await expect(action()).rejects.toThrow(expect.objectContaining({ code }))
  }
  expect(await companion.list()).toEqual(new Map())
})
