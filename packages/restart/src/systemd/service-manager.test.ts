// The other end here is a real notify socket, read by the test itself.
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import { managerBinding } from '../supervise/manager-binding.js'
import { openServiceManager, type ServiceManager } from './service-manager.js'

const clean: (() => void)[] = []
afterEach(() => {
  for (const undo of clean.splice(0)) undo()
})

test('without a service manager every call does nothing', async () => {
  const manager = openServiceManager({ env: { WATCHDOG_USEC: '1000' } })
  expect(manager.present).toBe(false)
  expect(manager.watchdogMs).toBeUndefined()
  expect(manager.fdStore).toBe('off')
  manager.notify({ ready: true })
  manager.unstore('x')
  manager.startWatchdog()()
  await manager.barrier()
  expect(await manager.store('x', [0])).toBe('absent')
  // What is wrong is wrong everywhere.
  expect(() => manager.notify({ mainPid: -1 })).toThrow(RangeError)
  await expect(manager.store('a:b', [0])).rejects.toThrow(RangeError)
})

test.each(['path', 'abstract'])('a notification is one datagram from this process (%s address)', (kind) => {
  const { manager, read } = open({ abstract: kind === 'abstract' })
  manager.notify({ ready: true, status: 'here' })
  manager.notify({})
  expect(read()).toEqual({ text: 'READY=1\nSTATUS=here', fds: 0, pid: process.pid })
  expect(read()).toBeUndefined()
})

test('the barrier ends when the manager closes its descriptor, and not before', async () => {
  const { manager, read } = open()
  manager.notify({ ready: true })
  let passed = false
  const barrier = manager.barrier().then(() => {
    passed = true
  })
  expect(read({ keep: true })?.text).toBe('READY=1')
  const message = read({ keep: true })
  expect(message).toMatchObject({ text: 'BARRIER=1', fds: 1 })
  await new Promise(setImmediate)
  expect(passed).toBe(false)
  message?.close()
  await barrier
})

test('a manager that does not answer fails the barrier, and a signal ends it', async () => {
  const { manager, read } = open()
  await expect(manager.barrier({ timeoutMs: 1 })).rejects.toMatchObject({
    code: 'ERR_RESTART_BARRIER_TIMEOUT',
  })
  const reason = new Error('enough')
  const controller = new AbortController()
  const waiting = manager.barrier({ signal: controller.signal })
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(manager.barrier({ signal: controller.signal })).rejects.toBe(reason)
  expect([read()?.text, read()?.text, read()?.text]).toEqual(['BARRIER=1', 'BARRIER=1', undefined])
})

test('a barrier that was answered while this process stood still has passed, although its time is over', async () => {
  const { manager, read } = open()
  const barrier = manager.barrier({ timeoutMs: 5 })
  read()
  const end = performance.now() + 20
  while (performance.now() < end);
  await barrier
})

test('descriptors are stored at most 253 to a datagram, each with the name, and a barrier behind them', async () => {
  const { manager, read } = open({ env: { FDSTORE: '512' } })
  expect(manager.fdStore).toBe('on')
  const fds = Array.from({ length: 300 }, () => openSync('/dev/null', 'r'))
  clean.push(() => fds.forEach(closeSync))
  const outcome = manager.store('restart.keep.many', fds)
  const messages = [await waitFor(read), await waitFor(read), await waitFor(read)]
  expect(messages.map(({ text, fds }) => [text, fds])).toEqual([
    ['FDSTORE=1\nFDNAME=restart.keep.many\nFDPOLL=0', 253],
    ['FDSTORE=1\nFDNAME=restart.keep.many\nFDPOLL=0', 47],
    ['BARRIER=1', 1],
  ])
  expect(await outcome).toBe('stored')
  manager.unstore('restart.keep.many')
  expect(read()?.text).toBe('FDSTOREREMOVE=1\nFDNAME=restart.keep.many')
})

test('a manager before systemd 254 is sent the descriptors, and the result says that nobody knows', async () => {
  const { manager, read } = open()
  expect(manager.fdStore).toBe('unknown')
  const outcome = manager.store('x', [0], { poll: true })
  expect((await waitFor(read)).text).toBe('FDSTORE=1\nFDNAME=x')
  expect((await waitFor(read)).text).toBe('BARRIER=1')
  expect(await outcome).toBe('unknown')
})

test('a store that is off is refused before anything is sent', async () => {
  const { manager, read } = open({ env: { FDSTORE: '0' } })
  await expect(manager.store('x', [0])).rejects.toMatchObject({ code: 'ERR_RESTART_FD_STORE_OFF' })
  expect(read()).toBeUndefined()
})

test('a queue that is full delays what is said, blocks nobody, and changes no order', async () => {
  const { manager, read } = open()
  const said = Array.from({ length: 100 }, (_, index) => `STATUS=${index}`)
  for (const line of said) manager.notify({ status: line.slice('STATUS='.length) })
  const barrier = manager.barrier()
  const heard: string[] = []
  await waitFor(() => {
    for (let message = read(); message !== undefined; message = read()) heard.push(message.text)
    return heard.length > said.length
  })
  await barrier
  expect(heard).toEqual([...said, 'BARRIER=1'])
})

test('the watchdog is fed at once and from the event loop, until it is stopped', async () => {
  const env = { WATCHDOG_USEC: '20000', WATCHDOG_PID: String(process.pid) }
  const { manager, read } = open({ env })
  expect(manager.watchdogMs).toBe(20)
  const stop = manager.startWatchdog()
  for (let round = 0; round < 3; round++) expect((await waitFor(read)).text).toBe('WATCHDOG=1')
  stop()
  while (read() !== undefined);
  const other = open({ env })
  other.manager.startWatchdog()
  for (let round = 0; round < 4; round++) await waitFor(() => other.read())
  expect(read()).toBeUndefined()
})

test('a manager that is gone is an error with a hint, at once and in the middle of waiting', async () => {
  const { manager, close } = open()
  for (let index = 0; index < 100; index++) manager.notify({ status: `${index}` })
  const barrier = manager.barrier()
  close()
  await expect(barrier).rejects.toMatchObject({ code: 'ENOENT', hint: expect.stringContaining('gone') })
  expect(() => manager.notify({ ready: true })).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  await expect(manager.barrier()).rejects.toMatchObject({ code: 'ENOENT' })
})

test('after close nothing is sent any more, and who waited is told', async () => {
  const { manager } = open()
  for (let index = 0; index < 100; index++) manager.notify({ status: `${index}` })
  const barrier = manager.barrier()
  manager.close()
  manager.close()
  await expect(barrier).rejects.toMatchObject({ code: 'ERR_RESTART_CLOSED' })
  expect(() => manager.notify({ ready: true })).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_CLOSED' }),
  )
})

test('a store that a hung manager has no room for is given up in time, and its descriptors are not sent later', async () => {
  const { manager, read } = open({ env: { FDSTORE: '512' } })
  for (let index = 0; index < 300; index++) manager.notify({ status: `${index}` })
  const before = binding().descriptorLimit().open
  const silence = { code: 'ERR_RESTART_BARRIER_TIMEOUT' }
  await expect(manager.store('x', [0], { timeoutMs: 20 })).rejects.toMatchObject(silence)
  const abort = new AbortController()
  const aborted = manager.store('x', [0], { signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  await expect(manager.barrier({ timeoutMs: 20 })).rejects.toMatchObject(silence)
  await waitFor(() => binding().descriptorLimit().open <= before)
  manager.notify({ ready: true })
  const heard: string[] = []
  await waitFor(() => {
    for (let message = read(); message !== undefined; message = read()) heard.push(message.text)
    return heard.at(-1) === 'READY=1'
  })
  expect(heard.filter((text) => !text.startsWith('STATUS='))).toEqual(['READY=1'])
})

test('a watchdog that a hung manager has no room for does not fill the memory', async () => {
  const env = { WATCHDOG_USEC: '2000', WATCHDOG_PID: String(process.pid) }
  const { manager, read } = open({ env })
  for (let index = 0; index < 300; index++) manager.notify({ status: `${index}` })
  manager.startWatchdog()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 2))
  manager.startWatchdog()()
  manager.notify({ ready: true })
  const heard: string[] = []
  await waitFor(() => {
    for (let message = read(); message !== undefined; message = read()) heard.push(message.text)
    return heard.at(-1) === 'READY=1'
  })
  expect(heard.filter((text) => text === 'WATCHDOG=1').length).toBeLessThan(3)
})

test('a notify socket that was away and is back is spoken to again', async () => {
  const { manager, read, away, back } = open()
  away()
  expect(() => manager.notify({ ready: true })).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  back()
  manager.notify({ status: 'here' })
  expect(read()?.text).toBe('STATUS=here')
  const barrier = manager.barrier()
  expect(read()?.text).toBe('BARRIER=1')
  await barrier
})

test('no descriptor is left over by barriers, whether they pass, fail or are given up', async () => {
  const { manager, read, close } = open()
  const before = binding().descriptorLimit().open
  await expect(manager.barrier({ timeoutMs: 1 })).rejects.toThrow()
  const passing = manager.barrier()
  while (read() !== undefined);
  await passing
  close()
  await expect(manager.barrier()).rejects.toThrow()
  await waitFor(() => binding().descriptorLimit().open <= before)
})

interface Message {
  text: string
  fds: number
  pid: number
  close(): void
}

function open({ abstract = false, env = {} }: { abstract?: boolean; env?: NodeJS.ProcessEnv } = {}): {
  manager: ServiceManager
  read(options?: { keep?: boolean }): Message | undefined
  close(): void
  away(): void
  back(): void
} {
  const { bindNotifySocket, receiveNotification, closeFd } = managerBinding()
  const folder = mkdtempSync(join(tmpdir(), 'notify-'))
  const address = abstract ? `@${folder}` : join(folder, 'socket')
  let fd = bindNotifySocket(address)
  const manager = openServiceManager({ env: { ...env, NOTIFY_SOCKET: address } })
  let closed = false
  const close = () => {
    if (closed) return
    closed = true
    closeFd(fd)
    rmSync(folder, { recursive: true })
  }
  clean.push(() => manager.close(), close)
  const bytes = new Uint8Array(4096)
  const descriptors = new Int32Array(254)
  const sender = new Int32Array(3)
  return {
    manager,
    close,
    away() {
      closeFd(fd)
      rmSync(address)
    },
    back() {
      fd = bindNotifySocket(address)
    },
    read({ keep = false } = {}) {
      const length = receiveNotification(fd, bytes, descriptors, sender)
      if (length < 0) return undefined
      const count = descriptors[0] ?? 0
      const received = [...descriptors.subarray(1, 1 + count)]
      const message: Message = {
        text: Buffer.from(bytes.subarray(0, length)).toString(),
        fds: count,
        pid: sender[0] ?? 0,
        close: () => received.splice(0).forEach(closeFd),
      }
      if (!keep) message.close()
      return Object.defineProperty(message, 'close', { enumerable: false })
    },
  }
}
