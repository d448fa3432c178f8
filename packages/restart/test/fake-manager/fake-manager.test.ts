// A real program, real sockets, real processes; only the service manager is not systemd.
import { once } from 'node:events'
import { closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { type FakeManager, type FakeManagerOptions, openFakeManager } from '../../src/fake-manager/index.js'

const program = new URL('../programs/notify-service.mjs', import.meta.url).pathname
let folder: string
let managers: FakeManager[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-'))
  managers = []
})
afterEach(async () => {
  await Promise.all(managers.map((manager) => manager.close()))
  rmSync(folder, { recursive: true, force: true })
})

test('start resolves at READY=1, and every notification is there with its sender', async () => {
  const manager = await open()
  await manager.start(service())
  expect(manager.state).toBe('running')
  expect(manager.status).toBe('serving')
  expect(manager.notifications[0]).toEqual({
    pid: manager.mainPid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    accepted: true,
    fields: { READY: '1', STATUS: 'serving' },
    fds: 0,
  })
  expect(await ask('/')).toMatchObject({ pid: manager.mainPid, names: {}, variables: [] })
})

test('a service that ends before it is ready fails the start with what it printed', async () => {
  const manager = await open()
  const start = manager.start({ command: ['sh', '-c', 'echo no config; exit 3'] })
  await expect(start).rejects.toMatchObject({
    code: 'ERR_RESTART_SERVICE_FAILED',
    message: expect.stringMatching(/exit status 3\nno config$/),
  })
  expect(manager.ends).toEqual([{ pid: expect.any(Number), code: 3, signal: null }])
  expect(manager.state).toBe('failed')
  await expect(manager.start({ command: ['./no-such-program'] })).rejects.toMatchObject({
    code: 'ERR_RESTART_SERVICE_FAILED',
  })
})

test('a service that never gets ready is killed at the timeout', async () => {
  const manager = await open()
  const start = manager.start({ command: ['sleep', '1000'] }, { timeoutMs: 50 })
  await expect(start).rejects.toMatchObject({ code: 'ERR_RESTART_TIMEOUT' })
  await manager.waitFor('its end', () => manager.mainPid === undefined)
  expect(manager.ends).toMatchObject([{ signal: 'SIGKILL' }])
})

test('sockets arrive by name, duplicates in order, and the variables are gone for children', async () => {
  const paths = ['http', 'admin-0', 'admin-1'].map((name) => join(folder, name))
  const [http = 0, ...admin] = paths.map((path) => binding().listenUnix(path, 0o600, 8))
  try {
    const manager = await open()
    await manager.start({ ...service(), sockets: { http, admin } })
    expect(await ask('/')).toMatchObject({ names: { http: 1, admin: 2 }, variables: [] })
    expect(await Promise.all(paths.map((path) => ask('/', path)))).toEqual([
      `http 0 ${manager.mainPid}`,
      `admin 0 ${manager.mainPid}`,
      `admin 1 ${manager.mainPid}`,
    ])
  } finally {
    for (const fd of [http, ...admin]) closeSync(fd)
  }
})

test('the main process follows MAINPID from the old one; the new one is not heard before that, and is after it', async () => {
  const manager = await open()
  await manager.start(service())
  const old = manager.mainPid
  const reload = await manager.reload([
    'curl',
    '-sS',
    '--fail',
    '--unix-socket',
    join(folder, 'control'),
    'http://x/restart',
  ])
  expect(reload).toMatchObject({ code: 0, signal: null })
  const { pid } = JSON.parse(reload.stdout)
  expect(manager.mainPid).toBe(pid)
  expect(pid).not.toBe(old)
  await manager.waitFor('the words of the new one', () => manager.status === 'serving as successor')
  const early = manager.notifications.find(({ fields }) => fields.STATUS?.startsWith('words of a process'))
  expect(early).toMatchObject({ pid, accepted: false })
  expect(await ask('/')).toMatchObject({ pid })
  // The end of the old one is no end of the service.
  await waitFor(() => !isAlive(old))
  expect(manager.state).toBe('running')
  expect(manager.ends).toEqual([])
  await manager.crash()
  expect(manager.ends).toEqual([{ pid, code: null, signal: null }])
})

test('with notifyAccess all everybody is heard', async () => {
  const manager = await open({ notifyAccess: 'all' })
  await manager.start(service())
  await ask('/restart')
  expect(manager.notifications.every(({ accepted }) => accepted)).toBe(true)
})

test('a reload that fails says so by its exit status, and the old process serves on', async () => {
  const manager = await open()
  await manager.start(service())
  const old = manager.mainPid
  writeFileSync(join(folder, 'fail'), '')
  const reload = await manager.reload([
    'curl',
    '-sS',
    '--fail-with-body',
    '--unix-socket',
    join(folder, 'control'),
    'http://x/restart',
  ])
  expect(reload.code).not.toBe(0)
  expect(reload.stdout).toBe('the new version ended with status 1\n')
  expect(manager).toMatchObject({
    mainPid: old,
    state: 'running',
    status: expect.stringContaining('serves on'),
  })
  expect(await ask('/')).toMatchObject({ pid: old })
})

test('what was stored comes back after kill -9: the same listening socket, and the state', async () => {
  const manager = await open({ fdStoreMax: 8 })
  await manager.start(service())
  expect(await ask('/keep?words=before+the+crash')).toEqual(['stored', 'stored'])
  expect(manager.stored).toEqual(
    new Map([
      ['restart.keep.words', 1],
      ['restart.listen.control', 1],
    ]),
  )
  const crashed = manager.mainPid
  await manager.crash()
  expect(manager.ends).toMatchObject([{ pid: crashed, signal: 'SIGKILL' }])
  // Nobody serves, and nobody is refused: the connection waits in the queue of the stored socket.
  const early: Socket = connect(join(folder, 'control'))
  await once(early, 'connect')
  early.end('GET / HTTP/1.0\r\n\r\n')
  await manager.revive()
  const [answer] = await once(early, 'data')
  expect(String(answer)).toContain('before the crash')
  expect(await ask('/')).toMatchObject({
    pid: manager.mainPid,
    names: { 'restart.keep.words': 1, 'restart.listen.control': 1 },
    kept: 'before the crash',
  })
})

test('like systemd before 254, it says nothing of a store; like systemd without one, it throws away in silence', async () => {
  const silent = await open({ systemdVersion: 252 })
  await silent.start(service())
  expect(await ask('/keep')).toEqual(['unknown', 'unknown'])
  expect(silent.stored).toEqual(new Map())
  await silent.close()
  const off = await open()
  await off.start(service())
  expect(await ask('/keep')).toMatch(/keeps no descriptors for this service/)
})

test('a process that hangs is killed by the watchdog, and one that turns its loop is not', async () => {
  const manager = await open({ watchdogMs: 1_000, fdStoreMax: 8 })
  await manager.start(service())
  await ask('/keep?words=kept')
  await manager.waitFor('a second word', () => words(manager) > 1)
  expect(manager.watchdogFirings).toBe(0)
  const hanging = ask('/hang').catch((error) => error)
  await manager.waitFor('the end', () => manager.state === 'failed')
  expect(manager.ends).toMatchObject([{ signal: 'SIGABRT' }])
  expect(manager.watchdogFirings).toBe(1)
  expect(await hanging).toBeInstanceOf(Error)
  await manager.revive()
  expect(await ask('/')).toMatchObject({ kept: 'kept', watchdogMs: 1_000 })
})

test('stop lets the service say goodbye and empties the store; who does not listen is killed', async () => {
  const manager = await open({ fdStoreMax: 8 })
  await manager.start(service())
  await ask('/keep?words=x')
  expect(await manager.stop()).toEqual({ forced: false })
  expect(manager).toMatchObject({ state: 'inactive', status: 'stopping', ends: [{ code: 0, signal: null }] })
  expect(manager.stored.size).toBe(0)
  await manager.start({ command: [process.execPath, '-e', stubborn] })
  expect(await manager.stop({ timeoutMs: 50 })).toEqual({ forced: true })
})

test('an abstract address works as well', async () => {
  const manager = await open({ abstract: true })
  expect(manager.address).toMatch(/^@/)
  await manager.start(service())
  expect(manager.status).toBe('serving')
})

test('close ends every process of the service, also those that are not the main one any more, and no descriptor stays', async () => {
  const before = binding().descriptorLimit().open
  const manager = await open({ fdStoreMax: 8 })
  await manager.start(service())
  await ask('/keep?words=x')
  const first = manager.mainPid
  // The old one cannot end: this connection is open.
  const socket = connect(join(folder, 'control'))
  await once(socket, 'connect')
  await ask('/restart')
  const second = manager.mainPid
  await manager.close()
  await manager.close()
  expect([first, second].map(isAlive)).toEqual([false, false])
  socket.destroy()
  await waitFor(() => binding().descriptorLimit().open <= before)
})

test('wrong use is refused by name', async () => {
  await expect(openFakeManager({ store: 1 } as FakeManagerOptions)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await expect(openFakeManager({ fdStoreMax: -1 })).rejects.toBeInstanceOf(RangeError)
  const manager = await open()
  await expect(manager.start({ command: [] })).rejects.toBeInstanceOf(TypeError)
  await expect(manager.start({ command: ['true'], sockets: { 'a:b': 0 } })).rejects.toBeInstanceOf(RangeError)
  await expect(manager.revive()).rejects.toMatchObject({ code: 'ERR_RESTART_SERVICE_STATE' })
  await expect(manager.crash()).rejects.toMatchObject({ code: 'ERR_RESTART_SERVICE_STATE' })
  await manager.start(service())
  await expect(manager.start(service())).rejects.toMatchObject({ code: 'ERR_RESTART_SERVICE_STATE' })
  await expect(manager.revive()).rejects.toMatchObject({ code: 'ERR_RESTART_SERVICE_STATE' })
  await expect(manager.waitFor('nothing', () => false, { timeoutMs: 1 })).rejects.toMatchObject({
    code: 'ERR_RESTART_TIMEOUT',
  })
})

/** Ready, and deaf to SIGTERM. */
const stubborn = `
  process.on('SIGTERM', () => {})
  setInterval(() => {}, 1000)
  const { notify } = require(${JSON.stringify(new URL('../../binding.cjs', import.meta.url).pathname)})
  notify(process.env.NOTIFY_SOCKET, Buffer.from('READY=1'), new Int32Array(0))`

async function open(options: FakeManagerOptions = {}): Promise<FakeManager> {
  const manager = await openFakeManager(options)
  managers.push(manager)
  return manager
}

function service() {
  return { command: [process.execPath, program, folder] }
}

function words(manager: FakeManager): number {
  return manager.notifications.filter(({ fields }) => fields.WATCHDOG === '1').length
}

// biome-ignore lint/suspicious/noExplicitAny: what the program answers is looked at by the tests
function ask(path: string, socketPath = join(folder, 'control')): Promise<any> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, timeout: 10_000 }, async (response) => {
      let text = ''
      for await (const part of response) text += part
      resolve(/^[{[]/.test(text) ? JSON.parse(text) : text)
    })
    asking.once('error', reject)
    asking.end()
  })
}

function isAlive(pid: number | undefined): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
