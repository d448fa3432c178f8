// What the companion must survive, and what must not become anybody's trouble.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { openChannel } from '../../src/channel/fd-channel.js'
import type { Companion } from '../../src/park/companion.js'
import { openCompanion } from '../../src/park/open-companion.js'
import { killPrograms, startProgram } from './program.js'

let folder: string
let path: string
const companions: Companion[] = []
const toClose: number[] = []
const execPath = process.execPath

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'restart-companion-'))
  path = join(folder, 'companion')
})

afterEach(async () => {
  process.execPath = execPath
  await killPrograms()
  for (const companion of companions.splice(0)) {
    if (isRunning(companion.pid)) process.kill(companion.pid, 'SIGKILL')
    await companion.ended
  }
  for (const fd of toClose.splice(0)) binding().closeFd(fd)
  rmSync(folder, { recursive: true })
})

async function open(): Promise<Companion> {
  const companion = await openCompanion({ path })
  if (companion.pid !== process.pid) companions.push(companion)
  return companion
}

function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('restart-companion')
  } catch {
    return false
  }
}

const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]![0]

function memoryFile(): number {
  const fd = binding().memoryFile('kept', 0)
  toClose.push(fd)
  return fd
}

test('a program that cannot be started is told at once, not tried again and again with a loop that stands still', async () => {
  process.execPath = join(folder, 'node-that-an-upgrade-removed')
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await expect(openCompanion({ path, timeoutMs: 5_000 })).rejects.toMatchObject({
    code: 'ERR_RESTART_COMPANION_FAILED',
    message: expect.stringContaining('ENOENT'),
  })
  clearInterval(timer)
  expect(turns).toBeLessThan(2_000)
  expect([path, `${path}.lock`].filter(existsSync)).toEqual([])
  process.execPath = execPath
  expect(await (await open()).list()).toEqual(new Map())
})

test('a process without a descriptor left is refused, and nothing is thrown that nobody can catch', async () => {
  const command = ['prlimit', '--nofile=64:64']
  const program = startProgram('no-descriptors', ['companion', path], { command })
  expect(await program.next()).toEqual({
    refused: expect.stringMatching(/COMPANION_FAILED|EMFILE/),
    uncaught: [],
  })
})

test('a companion without a descriptor left sleeps until it has one, instead of burning the CPU over who waits', async () => {
  const companion = await open()
  await companion.keep('one', [memoryFile()])
  const descriptors = readdirSync(`/proc/${companion.pid}/fd`).length
  const limit = (count: number) =>
    execFileSync('prlimit', [`--pid=${companion.pid}`, `--nofile=${count}:4096`])
  limit(descriptors)
  const newcomer = openChannel(binding().connectQueue(path))
  let inARow = 0
  await waitFor(
    () => {
      inARow = stateOf(companion.pid) === 'S' ? inARow + 1 : 0
      return inARow === 10
    },
    { message: 'the companion to sleep' },
  )
  expect(await companion.list()).toEqual(new Map([['one', 1]]))
  limit(4_096)
  expect(await newcomer.receive({ timeoutMs: 10_000 })).toMatchObject({ message: { type: 'hello' } })
  newcomer.close()
})

test('a companion whose files were tidied away leaves those of the next one alone when it ends', async () => {
  const first = await open()
  for (const file of [path, `${path}.lock`]) rmSync(file)
  const second = await open()
  expect(second.pid).not.toBe(first.pid)
  await first.close()
  await waitFor(() => !isRunning(first.pid), { message: 'the end of the first companion' })
  expect([path, `${path}.lock`].map((file) => existsSync(file))).toEqual([true, true])
  expect((await open()).pid).toBe(second.pid)
})

test('who listens at the path without room for one more is not replaced', async () => {
  const listener = binding().listenQueue(path, 0o600, 0)
  toClose.push(listener)
  const { ino } = statSync(path)
  const waiting: number[] = []
  try {
    for (;;) waiting.push(binding().connectQueue(path))
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' })
  }
  toClose.push(...waiting)
  await expect(openCompanion({ path, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'ERR_RESTART_TIMED_OUT',
  })
  expect(statSync(path).ino).toBe(ino)
})

test('what is taken stays open when the companion has let go and its answer is lost', async () => {
  const listener = binding().listenQueue(path, 0o600, 4)
  const [file, opening] = [memoryFile(), openCompanion({ path })]
  const connection = await waitFor(() => {
    const fd = binding().acceptConnection(listener)
    return fd < 0 ? undefined : fd
  })
  binding().closeFd(listener)
  const channel = openChannel(connection)
  await channel.send({ type: 'hello', protocol: 1, pid: process.pid })
  const taking = (await opening).take()
  for (const type of ['list', 'copy']) {
    expect(await channel.receive({ timeoutMs: 10_000 })).toMatchObject({ message: { type } })
    const set = { type: 'set', name: 'one', parked: false, count: 1 }
    await channel.send(set, type === 'copy' ? [file] : [])
    await channel.send({ type: 'done', found: true })
  }
  expect(await channel.receive({ timeoutMs: 10_000 })).toMatchObject({ message: { type: 'release' } })
  channel.close()
  const taken = await taking
  toClose.push(...taken.get('one')!)
  expect(binding().describeFd(taken.get('one')![0]!)).toMatchObject({ kind: 'memfd' })
})
