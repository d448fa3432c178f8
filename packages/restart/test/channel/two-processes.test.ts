import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { type FdChannel, openChannelPair } from '../../src/channel/fd-channel.js'
import { sendDescriptors } from '../../src/channel/send-descriptors.js'

const programs = new URL('../programs/', import.meta.url)
const timeoutMs = 20_000

let channel: FdChannel
let child: ChildProcess | undefined
const files: number[] = []

afterEach(async () => {
  channel.close()
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  for (const fd of files.splice(0)) closeSync(fd)
})

/** The program at the other end; `limit` is the number of descriptors that it may have. */
function start(action: string, limit = 20_000): FdChannel {
  const { channel: own, fd } = openChannelPair()
  channel = own
  const program = fileURLToPath(new URL('channel-end.mjs', programs))
  const limited = [`--nofile=${limit}:${limit}`, process.execPath, program, action]
  child = spawn('prlimit', limited, { stdio: ['ignore', 'inherit', 'inherit', fd] })
  binding().closeFd(fd)
  return channel
}

async function exitStatus(): Promise<number | null> {
  if (child!.exitCode === null) await once(child!, 'exit')
  return child!.exitCode
}

function open(count: number): number[] {
  const opened = Array.from({ length: count }, () => openSync('/dev/null', 'r'))
  files.push(...opened)
  return opened
}

test('ten thousand descriptors under several names reach another process', async () => {
  const other = start('take')
  const directory = openSync('/tmp', 'r')
  files.push(directory)
  const many: number[] = Array(9_998).fill(open(1)[0])
  const sent = await sendDescriptors(
    other,
    { first: [directory], none: [], many, last: [directory] },
    { timeoutMs },
  )
  expect(sent).toBe(10_000)
  expect(await other.receive({ timeoutMs })).toMatchObject({
    message: { names: ['first', 'none', 'many', 'last'], count: 10_000, files: 2 },
  })
})

test('a process without room says so before anything is sent; what is sent all the same is lost, but not unnoticed', async () => {
  const other = start('refuse', 200)
  const fds = open(250)
  await expect(sendDescriptors(other, { fds }, { timeoutMs })).rejects.toMatchObject({
    code: 'ERR_RESTART_TOO_MANY_DESCRIPTORS',
    hint: expect.stringContaining('LimitNOFILE='),
  })
  await other.send({ type: 'too many' }, [...fds, ...fds, ...fds])
  await other.send({ type: 'few' }, fds.slice(0, 3))
  expect(await other.receive({ timeoutMs })).toMatchObject({
    message: {
      refused: 'ERR_RESTART_TOO_MANY_DESCRIPTORS',
      lost: 'ERR_RESTART_DESCRIPTORS_LOST',
      leaked: 0,
      message: { type: 'few' },
      count: 3,
    },
  })
})

test.each(['exit when asked', 'exit before they come', 'exit before it confirms'])(
  'a receiver that ends (%s) leaves the sender with its originals',
  async (action) => {
    const other = start(action)
    const fds = open(600)
    await expect(sendDescriptors(other, { fds }, { timeoutMs })).rejects.toMatchObject({
      code: 'ERR_RESTART_CHANNEL_CLOSED',
    })
    for (const fd of fds) expect(fstatSync(fd).isCharacterDevice()).toBe(true)
  },
)

test('a receiver that confirms fewer than were sent has lost some', async () => {
  const other = start('confirm fewer')
  await expect(sendDescriptors(other, { fds: open(3) }, { timeoutMs })).rejects.toMatchObject({
    code: 'ERR_RESTART_DESCRIPTORS_LOST',
  })
})

test('a receiver that never answers is given up', async () => {
  const { channel: own, fd } = openChannelPair()
  channel = own
  await expect(sendDescriptors(channel, { fds: open(1) }, { timeoutMs: 5 })).rejects.toMatchObject({
    code: 'ERR_RESTART_TIMED_OUT',
  })
  binding().closeFd(fd)
})

test('a program that writes to the descriptor by itself is told apart', async () => {
  const other = start('garbage')
  await expect(other.receive({ timeoutMs })).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_MALFORMED' })
})

test('a killed process is the end of its channel', async () => {
  const other = start('take')
  const waiting = other.receive({ timeoutMs })
  child!.kill('SIGKILL')
  expect(await waiting).toBeUndefined()
})

test.each([
  ['idle', 'idle'],
  ['wait without holding the process', 'waiting'],
])('a channel does not hold the process: %s', async (action, type) => {
  const other = start(action)
  expect(await other.receive({ timeoutMs })).toMatchObject({ message: { type } })
  expect(await exitStatus()).toBe(0)
})

async function run(command: string, args: string[]): Promise<unknown> {
  const program = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const [chunks, [status, signal]] = await Promise.all([program.stdout.toArray(), once(program, 'close')])
  expect({ status, signal }).toEqual({ status: 0, signal: null })
  return JSON.parse(Buffer.concat(chunks).toString())
}

const programPath = (name: string) => fileURLToPath(new URL(name, programs))

test('more descriptors on their way than a user may have are waited for (ETOOMANYREFS)', async () => {
  // The kernel counts by user, and lets CAP_SYS_ADMIN and CAP_SYS_RESOURCE pass: a user of its own, who may read all.
  const user = ['--reuid=54321', '--regid=54321', '--clear-groups', '--inh-caps=+dac_read_search']
  const capabilities = ['--ambient-caps=+dac_read_search', '--bounding-set=-all,+dac_read_search']
  const limited = ['prlimit', '--nofile=600:600', process.execPath, programPath('in-flight.mjs')]
  expect(await run('setpriv', [...user, ...capabilities, ...limited])).toEqual({
    sentAtOnce: 1,
    counts: [400, 400, 400, 400],
  })
})

test('threads that are ended while they wait or while they load neither abort the process nor leak', async () => {
  expect(await run(process.execPath, [programPath('channel-workers.mjs')])).toEqual({ leaked: 0 })
})
