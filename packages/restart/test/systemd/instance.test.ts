// A service of openInstance under a real systemd, with the unit files of the package. See app.ts for the drawing.
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { type App, bootApp } from './app.js'

const program = new URL('../programs/managed-service.mjs', import.meta.url).pathname
let app: App

beforeAll(async () => {
  app = await bootApp({
    start: `${process.execPath} ${program} %d`,
    reload: `${process.execPath} ${program} %d restart`,
  })
})
afterAll(() => app?.[Symbol.asyncDispose]())
beforeEach(() => {
  app.begin()
  onTestFailed(async () => console.log(await app.systemd.journal()))
})
afterEach(() => app.end())

test('sockets of two units are listened on by name, and systemctl status says that it serves', async () => {
  await app.systemctl('start', 'app.socket', 'admin.socket')
  expect(await app.ask('/', 'admin')).toMatchObject({
    socket: 'admin',
    before: 'socket-activation',
    variables: [],
  })
  expect(await app.ask('/', 'http')).toMatchObject({ socket: 'http', pid: await app.mainPid() })
  expect(await app.property('StatusText')).toBe('serving')
})

test('systemctl reload returns when the new version serves and is the main process', async () => {
  await app.systemctl('start', 'app.socket')
  await app.start()
  const old = await app.mainPid()
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  const pid = await app.mainPid()
  expect(pid).not.toBe(old)
  const next = { pid, generation: 1, before: 'predecessor' }
  expect(await app.ask('/', 'http')).toMatchObject(next)
  expect(await app.ask('/')).toMatchObject(next)
  await waitFor(async () => !(await app.isAlive(old)))
  expect(await app.property('ActiveState')).toBe('active')
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  expect(await app.ask('/', 'http')).toMatchObject({ pid: await app.mainPid(), generation: 2 })
  // Nobody spoke out of turn.
  expect(await app.systemd.journal('app')).not.toContain('reception only permitted')
})

test('a reload that fails exits with a status and the words of the new version; the old one serves on', async () => {
  await app.start()
  const old = await app.mainPid()
  writeFileSync(join(app.folder, 'fail'), 'there is no database')
  const { status, stderr } = await app.systemctl('reload', 'app')
  expect(status).not.toBe(0)
  expect(stderr).toContain('Job for app.service failed')
  expect(await app.mainPid()).toBe(old)
  expect(await app.ask('/')).toMatchObject({ pid: old, generation: 0 })
  const shown = (await app.systemctl('status', 'app')).stdout
  expect(shown).toContain('Active: active (running)')
  expect(shown).toMatch(/Status: .*there is no database/)
  expect(await app.systemd.journal('app')).toContain('there is no database')
  rmSync(join(app.folder, 'fail'))
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  expect(await app.ask('/')).toMatchObject({ generation: 1 })
})

test('a reload that fails in more words than fit into a notification ends all the same', async () => {
  await app.start()
  writeFileSync(join(app.folder, 'fail'), `there is no database ${'and no hope '.repeat(1_000)}`)
  expect((await app.systemctl('reload', 'app')).status).not.toBe(0)
  expect((await app.systemctl('status', 'app')).stdout).toContain('there is no database')
  expect(await app.property('ActiveState')).toBe('active')
  rmSync(join(app.folder, 'fail'))
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
})

test('a new version that fails when it takes over is not the main process yet: systemd does not end the service with it', async () => {
  await app.start()
  const old = await app.mainPid()
  writeFileSync(join(app.folder, 'fail-late'), '')
  const { status } = await app.systemctl('reload', 'app')
  expect(status).not.toBe(0)
  expect(await app.ask('/')).toMatchObject({ pid: old, generation: 0 })
  expect(await app.mainPid()).toBe(old)
  expect(await app.property('ActiveState')).toBe('active')
  expect(await app.property('NRestarts')).toBe('0')
  expect(await app.systemd.journal('app')).not.toContain('reception only permitted')
  rmSync(join(app.folder, 'fail-late'))
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  expect(await app.ask('/')).toMatchObject({ generation: 1 })
})

test('after kill -9 sockets and what was kept are back, and no connection is refused meanwhile', async () => {
  await app.start()
  await app.ask('/keep?words=before+the+crash')
  const killed = await app.mainPid()
  await app.kill('SIGKILL')
  const pid = await app.nextPid(killed)
  expect(await app.ask('/')).toMatchObject({
    pid,
    before: 'crash',
    words: 'before the crash',
    fds: [['words', 1]],
  })
})

test('a version that came by a reload is revived as well, with what its predecessor kept', async () => {
  await app.start()
  await app.ask('/keep?words=from+the+first')
  expect(await app.systemctl('reload', 'app')).toMatchObject({ status: 0 })
  const second = await app.mainPid()
  await waitFor(async () => (await app.property('NFileDescriptorStore')) === '2')
  await app.kill('SIGKILL')
  await app.nextPid(second)
  expect(await app.ask('/')).toMatchObject({ before: 'crash', words: 'from the first', fds: [['words', 1]] })
})

test('what is kept anew under a name replaces what was stored under it', async () => {
  await app.start()
  await app.ask('/keep?words=one')
  await app.ask('/keep?words=two')
  expect(await app.property('NFileDescriptorStore')).toBe('2')
  const killed = await app.mainPid()
  await app.kill('SIGKILL')
  await app.nextPid(killed)
  expect(await app.ask('/')).toMatchObject({ words: 'two', fds: [['words', 1]] })
})

test('systemctl restart stops and starts, and clients find the socket where it was', async () => {
  await app.start()
  await app.ask('/keep?words=kept')
  const old = await app.mainPid()
  expect(await app.systemctl('restart', 'app')).toMatchObject({ status: 0 })
  expect(await app.mainPid()).not.toBe(old)
  expect(await app.ask('/')).toMatchObject({ generation: 0, words: 'kept' })
})

test('a version that hangs is killed by the watchdog and revived', async () => {
  await app.start()
  await app.systemctl('reload', 'app')
  const hung = await app.mainPid()
  app.ask('/hang').catch(() => {})
  await app.nextPid(hung)
  expect(await app.ask('/')).toMatchObject({ before: 'crash', generation: 0 })
  expect(await app.systemd.journal('app')).toContain('Watchdog timeout')
})

test('systemctl stop ends the main process and those that drain, in order', async () => {
  await app.start()
  const held = connect(join(app.folder, 'control'))
  await once(held, 'connect')
  held.on('error', () => {})
  held.write('GET / HTTP/1.1\r\n')
  await app.systemctl('reload', 'app')
  expect(await app.systemctl('stop', 'app')).toMatchObject({ status: 0 })
  held.destroy()
  expect(await app.property('ActiveState')).toBe('inactive')
  expect(await app.property('Result')).toBe('success')
  expect(await app.property('NFileDescriptorStore')).toBe('0')
})
