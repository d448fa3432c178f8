import { readdirSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkFdName } from './fd-name.js'
import { checkFdStoreRoom, fdStoreRoom } from './fd-store-room.js'
import { listenFdNames, takeListenFds } from './listen-fds.js'
import { notifyAddress } from './notify-address.js'
import { watchdogInterval } from './watchdog-interval.js'

const me = String(process.pid)

test('names are given to descriptors in order, duplicates too', () => {
  const names = (env: NodeJS.ProcessEnv) => listenFdNames({ LISTEN_PID: me, ...env }, process.pid)
  expect(names({ LISTEN_FDS: '3', LISTEN_FDNAMES: 'http:admin:http' })).toEqual(['http', 'admin', 'http'])
  expect(names({ LISTEN_FDS: '2' })).toEqual(['unknown', 'unknown'])
  expect(names({ LISTEN_FDS: '2', LISTEN_FDNAMES: ':x' })).toEqual(['unknown', 'x'])
  expect(names({ LISTEN_FDS: '0', LISTEN_FDNAMES: '' })).toEqual([])
  expect(names({})).toEqual([])
})

test('variables that are meant for another process give nothing, and are removed so that no child believes them', () => {
  const env = {
    LISTEN_PID: '1',
    LISTEN_PIDFDID: '7',
    LISTEN_FDS: '2',
    LISTEN_FDNAMES: 'a:b',
    NOTIFY_SOCKET: '/run/x',
    PATH: '/bin',
  }
  expect(takeListenFds({ env })).toEqual(new Map())
  expect(env).toEqual({ NOTIFY_SOCKET: '/run/x', PATH: '/bin' })
})

test.each([
  [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'a' }, /2, but LISTEN_FDNAMES has 1/],
  [{ LISTEN_FDS: '0', LISTEN_FDNAMES: 'a' }, /0, but LISTEN_FDNAMES has 1/],
  [{ LISTEN_FDS: 'two' }, /LISTEN_FDS is "two"/],
  [{ LISTEN_FDS: '-1' }, /LISTEN_FDS is "-1"/],
  [{ LISTEN_FDS: '1', LISTEN_PID: '' }, /LISTEN_PID is ""/],
  [{ LISTEN_FDS: '99999999999999999999' }, /not a number/],
  [{ LISTEN_FDS: '2000000000' }, /more than anybody passes/],
])('LISTEN_* that contradict each other are refused in words: %o', (env, message) => {
  const attempt = () => listenFdNames({ LISTEN_PID: me, ...env }, process.pid)
  expect(attempt).toThrow(message)
  expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_RESTART_LISTEN_FDS' }))
})

test('a descriptor that is announced and not open is named', () => {
  const env = {
    LISTEN_PID: me,
    LISTEN_FDS: '100000',
    LISTEN_FDNAMES: new Array(100_000).fill('http').join(':'),
  }
  expect(() => takeListenFds({ env })).toThrow(/descriptor \d+ \(http\) is not open/)
})

test("a descriptor that is announced and is Node's own is not taken: to close it would end the process", () => {
  const own = readdirSync('/proc/self/fd')
    .map(Number)
    .sort((a, b) => a - b)
    .find((fd) => existsAs(fd, 'anon_inode:[eventpoll]'))!
  const env = { LISTEN_PID: me, LISTEN_FDS: String(own - 2) }
  expect(() => takeListenFds({ env })).toThrow(/descriptor \d+ \(unknown\) is not open/)
})

function existsAs(fd: number, target: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === target
  } catch {
    return false
  }
}

test('the notify socket is a path or an abstract address; anything else is an error at once, not a silent service', () => {
  expect(notifyAddress({})).toBeUndefined()
  expect(notifyAddress({ NOTIFY_SOCKET: '' })).toBeUndefined()
  expect(notifyAddress({ NOTIFY_SOCKET: '/run/systemd/notify' })).toBe('/run/systemd/notify')
  expect(notifyAddress({ NOTIFY_SOCKET: '@/org/notify' })).toBe('@/org/notify')
  for (const address of ['vsock:2:1234', 'run/notify', '@', `/${'x'.repeat(107)}`, `@${'x'.repeat(108)}`]) {
    expect(() => notifyAddress({ NOTIFY_SOCKET: address })).toThrow(
      expect.objectContaining({ code: 'ERR_RESTART_NOTIFY_ADDRESS' }),
    )
  }
})

test('the watchdog interval counts for the process it is meant for', () => {
  expect(watchdogInterval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: me }, process.pid)).toBe(30_000)
  expect(watchdogInterval({ WATCHDOG_USEC: '1500' }, process.pid)).toBe(1.5)
  expect(watchdogInterval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }, process.pid)).toBeUndefined()
  for (const interval of [undefined, '', '0', '-1', 'soon']) {
    expect(watchdogInterval({ WATCHDOG_USEC: interval }, process.pid)).toBeUndefined()
  }
})

test('whether there is an fd store is known since systemd 254, and unknown before', () => {
  expect(fdStoreRoom({ FDSTORE: '64', MEMORY_PRESSURE_WATCH: '/x' })).toBe(64)
  expect(fdStoreRoom({ FDSTORE: '0' })).toBe(0)
  // As old as $FDSTORE, which would be set if the store were on.
  expect(fdStoreRoom({ MEMORY_PRESSURE_WATCH: '/x' })).toBe(0)
  expect(fdStoreRoom({})).toBeUndefined()
})

test('a store that is off, or too small, is refused with the line for the unit file', () => {
  const refusal = (code: string) =>
    expect.objectContaining({ code, hint: expect.stringContaining('FileDescriptorStoreMax=') })
  expect(() => checkFdStoreRoom(0, 'http', 1)).toThrow(refusal('ERR_RESTART_FD_STORE_OFF'))
  expect(() => checkFdStoreRoom(2, 'http', 3)).toThrow(refusal('ERR_RESTART_FD_STORE_FULL'))
  checkFdStoreRoom(2, 'http', 2)
  checkFdStoreRoom(undefined, 'http', 3)
})

test('names are what systemd takes as FDNAME', () => {
  for (const name of ['restart.listen.http', 'a b', '~', 'x'.repeat(255)]) checkFdName(name)
  for (const name of ['', 'a:b', 'x'.repeat(256), 'ä', 'a\nb', '\x7f']) {
    expect(() => checkFdName(name), name).toThrow(RangeError)
  }
  expect(() => checkFdName(1)).toThrow(TypeError)
})
