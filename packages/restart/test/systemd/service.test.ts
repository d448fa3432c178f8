// What ./systemd does on the real thing, with a program that uses nothing else of the package. See app.ts for the drawing.
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { type App, bootApp } from './app.js'

const program = new URL('../programs/notify-service.mjs', import.meta.url).pathname
let app: App

beforeAll(async () => {
  app = await bootApp({
    start: `${process.execPath} ${program} %d`,
    reload: 'curl --silent --show-error --fail-with-body --unix-socket %d/control http://app/restart',
  })
})
afterAll(() => app?.[Symbol.asyncDispose]())
beforeEach(() => {
  app.begin()
  onTestFailed(async () => console.log(await app.systemd.journal()))
})
afterEach(() => app.end())

test('the shipped unit files are understood to the last line', async () => {
  const verify = await app.systemd.exec('unshare', [
    '--mount',
    'sh',
    '-c',
    // It works in /tmp, wherever TMPDIR is.
    'mount -t tmpfs tmpfs /tmp && systemd-analyze verify app.service app.socket',
  ])
  expect(verify).toMatchObject({ status: 0, stderr: '' })
})

test('systemctl start returns when the service is ready, with the words it said', async () => {
  await app.start()
  const { pid } = await app.ask('/')
  expect(await app.mainPid()).not.toBe(0)
  expect(await app.property('ActiveState')).toBe('active')
  expect(await app.property('StatusText')).toBe('serving')
  expect(await app.property('NotifyAccess')).toBe('main')
  expect(await app.ask('/')).toMatchObject({ pid, names: {}, variables: [], watchdogMs: 2000 })
})

test('sockets of two units arrive by name, several of one name in order, started by the first connection', async () => {
  expect(await app.systemctl('start', 'app.socket', 'admin.socket')).toMatchObject({ status: 0 })
  expect(await app.property('ActiveState')).toBe('inactive')
  const main = await app.ask('/', 'admin')
  const pid = await app.mainPid()
  expect(main).toBe(`admin 0 ${pid}`)
  expect(await app.ask('/', 'http')).toBe(`http 0 ${pid}`)
  expect(await app.ask('/', 'http-2')).toBe(`http 1 ${pid}`)
  expect(await app.ask('/')).toMatchObject({ names: { http: 2, admin: 1 }, variables: [] })
})

test('systemctl reload returns when the new process is the main one, and a stop of the old one is no stop of the service', async () => {
  await app.systemctl('start', 'app.socket')
  await app.start()
  const old = await app.mainPid()
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0, stderr: '' })
  const pid = await app.mainPid()
  expect(pid).not.toBe(old)
  expect(await app.ask('/')).toMatchObject({ pid })
  expect(await app.ask('/', 'http')).toBe(`http 0 ${pid}`)
  await waitFor(async () => !(await app.isAlive(old)))
  await waitFor(async () => (await app.property('StatusText')) === 'serving as successor')
  expect(await app.property('ActiveState')).toBe('active')
  expect(await app.property('NRestarts')).toBe('0')
  // And once more: the successor can do what the first one could.
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  expect(await app.mainPid()).not.toBe(pid)
})

test('with NotifyAccess=main the new process is not heard before the old one has made it the main one', async () => {
  await app.start()
  await app.systemctl('reload', 'app')
  const pid = await app.mainPid()
  const journal = await app.systemd.journal('app')
  expect(journal).toContain(
    `Got notification message from PID ${pid}, but reception only permitted for main PID`,
  )
  await waitFor(async () => (await app.property('StatusText')) === 'serving as successor')
})

test('a reload that fails exits with a status; the old process serves on, and systemctl status says so', async () => {
  await app.start()
  const old = await app.mainPid()
  writeFileSync(join(app.folder, 'fail'), '')
  const { status, stderr } = await app.systemctl('reload', 'app')
  expect(status).not.toBe(0)
  expect(stderr).toContain('Job for app.service failed')
  expect(await app.ask('/')).toMatchObject({ pid: old })
  const shown = (await app.systemctl('status', 'app')).stdout
  expect(shown).toContain('Active: active (running)')
  expect(shown).toContain('the new version ended with status 1, the old one serves on')
  expect(await app.systemd.journal('app')).toContain('the new version ended with status 1')
  expect(await app.mainPid()).toBe(old)
  rmSync(join(app.folder, 'fail'))
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  expect(await app.mainPid()).not.toBe(old)
})

test('after kill -9 the fd store gives back the listening socket and the state, and no connection is refused meanwhile', async () => {
  await app.start()
  expect(await app.ask('/keep?words=before+the+crash')).toEqual(['unknown', 'unknown'])
  expect(await app.property('NFileDescriptorStore')).toBe('2')
  const killed = await app.mainPid()
  await app.kill('SIGKILL')
  await app.nextPid(killed)
  // Perhaps before the new process runs: the connection waits for it then.
  const answer = await app.ask('/')
  expect(answer).toMatchObject({
    kept: 'before the crash',
    names: { 'restart.keep.words': 1, 'restart.listen.control': 1 },
  })
  expect(answer.pid).toBe(await app.mainPid())
  await waitFor(async () => (await app.property('ActiveState')) === 'active')
  expect(await app.property('NRestarts')).toBe('1')
})

test('the same socket is not stored twice, while another file under the same name stands beside the first', async () => {
  await app.start()
  await app.ask('/keep?words=one')
  await app.ask('/keep?words=two')
  expect(await app.property('NFileDescriptorStore')).toBe('3')
  await app.kill('SIGKILL')
  expect(await app.ask('/')).toMatchObject({
    names: { 'restart.keep.words': 2, 'restart.listen.control': 1 },
  })
})

test('a descriptor that looks hung up is dropped in silence, unless it is stored without poll', async () => {
  await app.start()
  await app.ask('/keep-hung-up?poll=true')
  expect(await app.property('NFileDescriptorStore')).toBe('0')
  await app.ask('/keep-hung-up?poll=false')
  expect(await app.property('NFileDescriptorStore')).toBe('1')
})

test('what the main process stored survives the crash of its successor', async () => {
  await app.start()
  await app.ask('/keep?words=from+the+first')
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  const second = await app.mainPid()
  await app.kill('SIGKILL')
  expect(await app.ask('/')).toMatchObject({ kept: 'from the first' })
  expect(await app.mainPid()).not.toBe(second)
})

test('six crashes in a row neither fail the unit nor empty the store (StartLimitIntervalSec=0)', async () => {
  await app.start()
  await app.ask('/keep?words=still+here')
  for (let crash = 0; crash < 6; crash++) {
    const killed = await app.mainPid()
    await app.kill('SIGKILL')
    await app.nextPid(killed)
    expect(await app.ask('/')).toMatchObject({ kept: 'still here' })
  }
  expect(await app.property('NRestarts')).toBe('6')
})

test('systemctl restart keeps the store, systemctl stop drops it', async () => {
  await app.start()
  await app.ask('/keep?words=kept')
  expect(await app.systemctl('restart', 'app')).toMatchObject({ status: 0 })
  expect(await app.ask('/')).toMatchObject({ kept: 'kept' })
  expect(await app.systemctl('stop', 'app')).toMatchObject({ status: 0 })
  expect(await app.property('ActiveState')).toBe('inactive')
  expect(await app.property('NFileDescriptorStore')).toBe('0')
})

test('a process that hangs is killed by the watchdog, and its successor has the store', async () => {
  await app.start()
  await app.ask('/keep?words=from+before')
  const hung = await app.mainPid()
  const hanging = app.ask('/hang').catch((error) => error)
  await app.nextPid(hung)
  expect(await hanging).toBeInstanceOf(Error)
  expect(await app.ask('/')).toMatchObject({ kept: 'from before' })
  expect(await app.systemd.journal('app')).toContain('Watchdog timeout')
})

test('the watchdog follows the main process: fed by the successor alone, and felt by it', async () => {
  await app.start()
  await app.systemctl('reload', 'app')
  const successor = await app.mainPid()
  const fed = async () => Number(await app.property('WatchdogTimestampMonotonic'))
  const before = await fed()
  await waitFor(async () => (await fed()) > before)
  expect(await app.ask('/')).toMatchObject({ pid: successor, watchdogMs: 2000 })
  app.ask('/hang').catch(() => {})
  await app.nextPid(successor)
})

test('a crash of the new process ends an old one that still drains, and does not wait for it longer than it takes', async () => {
  await app.start()
  const old = await app.mainPid()
  // An open connection holds the old one.
  const held = connect(join(app.folder, 'control'))
  await once(held, 'connect')
  held.on('error', () => {})
  await app.systemctl('reload', 'app')
  const successor = await app.mainPid()
  expect(await app.isAlive(old)).toBe(true)
  await app.kill('SIGKILL')
  await app.nextPid(successor)
  expect(await app.isAlive(old)).toBe(false)
  held.destroy()
  await waitFor(async () => (await app.property('ActiveState')) === 'active')
})

test('stop ends main process and draining ones, and leaves nothing in the control group', async () => {
  await app.start()
  const held = connect(join(app.folder, 'control'))
  await once(held, 'connect')
  held.on('error', () => {})
  await app.systemctl('reload', 'app')
  expect(await app.systemctl('stop', 'app')).toMatchObject({ status: 0 })
  expect(await app.property('Result')).toBe('success')
  expect((await app.systemd.exec('test', ['-e', '/sys/fs/cgroup/system.slice/app.service'])).status).not.toBe(
    0,
  )
  held.destroy()
})
