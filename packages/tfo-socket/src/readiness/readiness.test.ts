import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EPOLLHUP, EPOLLOUT, watchDescriptor } from './readiness.js'

let directory: string
let server: Server
const accepted: Socket[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'readiness-'))
  server = createServer((socket) => accepted.push(socket)).listen(join(directory, 'socket'))
  await once(server, 'listening')
})
afterAll(() => {
  for (const socket of accepted) socket.destroy()
  server.close()
  rmSync(directory, { recursive: true })
})

/** A stream socket that does not read, so that nobody but the test looks at it. */
async function openStream(): Promise<{ socket: Socket; fd: number; peer: Socket }> {
  const count = accepted.length
  const socket = connect(join(directory, 'socket')).pause()
  await once(socket, 'connect')
  await waitFor(() => accepted.length > count)
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
  return { socket, fd, peer: accepted[count]! }
}

/** How many descriptors all epolls of this process watch. */
function watchedDescriptors(): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== 'anon_inode:[eventpoll]') continue
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').match(/^tfd:/gm)?.length ?? 0
    } catch {
      // It was the descriptor of the listing itself.
    }
  }
  return count
}

test('a listener is called once, with its context, when the descriptor is writable', async () => {
  const { socket, fd } = await openStream()
  const calls: [number, string][] = []
  const listener = (events: number, context: string) => calls.push([events, context])
  watchDescriptor(fd, { writable: true }, listener, 'the context')
  await waitFor(() => calls.length > 0)
  expect(calls).toEqual([[EPOLLOUT, 'the context']])
  socket.destroy()
})

test('who does not ask for writability hears of the end of the connection only', async () => {
  const { socket, fd, peer } = await openStream()
  const heard: number[] = []
  watchDescriptor(fd, {}, (events) => heard.push(events))
  const other = await openStream()
  const writable = new Promise((resolve) => watchDescriptor(other.fd, { writable: true }, resolve))
  await writable
  expect(heard).toEqual([])
  peer.destroy()
  await waitFor(() => heard.length > 0)
  expect(heard[0]! & EPOLLHUP).toBe(EPOLLHUP)
  socket.destroy()
  other.socket.destroy()
})

test('a watch is over before its listener is called, so that it may watch anew', async () => {
  const { socket, fd } = await openStream()
  let calls = 0
  const again = () => {
    calls += 1
    if (calls < 3) watchDescriptor(fd, { writable: true }, again)
  }
  again()
  await waitFor(() => calls === 3)
  socket.destroy()
})

test('a descriptor is watched once at a time', async () => {
  const { socket, fd } = await openStream()
  const watch = watchDescriptor(fd, {}, () => {})
  expect(() => watchDescriptor(fd, {}, () => {})).toThrow(expect.objectContaining({ code: 'EEXIST' }))
  watch.cancel()
  watchDescriptor(fd, {}, () => {}).cancel()
  socket.destroy()
})

test('a watch that another listener cancels in the same turn is not delivered', async () => {
  const streams = await Promise.all([openStream(), openStream()])
  let calls = 0
  const watches = streams.map(({ fd }) =>
    watchDescriptor(fd, { writable: true }, () => {
      calls += 1
      for (const watch of watches) watch.cancel()
    }),
  )
  await waitFor(() => calls > 0)
  const { fd, socket } = await openStream()
  await new Promise((resolve) => watchDescriptor(fd, { writable: true }, resolve))
  expect(calls).toBe(1)
  for (const stream of [...streams, { socket }]) stream.socket.destroy()
})

test('what a listener throws is uncaught like any exception, and the others are called all the same', async () => {
  const streams = await Promise.all([openStream(), openStream(), openStream()])
  const uncaught: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error))
  try {
    let calls = 0
    for (const { fd } of streams) {
      watchDescriptor(fd, { writable: true }, () => {
        calls += 1
        throw new Error(`listener ${calls}`)
      })
    }
    await waitFor(() => uncaught.length === 3)
    expect(uncaught.map((error) => (error as Error).message)).toEqual([
      'listener 1',
      'listener 2',
      'listener 3',
    ])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
  }
  for (const { socket } of streams) socket.destroy()
})

test('cancelling forgets the descriptor although another process holds a copy; closing it would not', async () => {
  const { socket, fd, peer } = await openStream()
  const before = watchedDescriptors()
  const watch = watchDescriptor(fd, {}, () => {
    throw new Error('it was cancelled')
  })
  expect(watchedDescriptors()).toBe(before + 1)
  const holder = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  watch.cancel()
  socket.destroy()
  await once(socket, 'close')
  // The descriptor of the socket was watched by libuv too.
  await waitFor(() => watchedDescriptors() < before)
  peer.destroy()
  const other = await openStream()
  await new Promise((resolve) => watchDescriptor(other.fd, { writable: true }, resolve))
  other.socket.destroy()
  holder.kill()
  await once(holder, 'exit')
})

test('a descriptor that is not open is refused', () => {
  const opened = readdirSync('/proc/self/fd').map(Number)
  expect(() => watchDescriptor(Math.max(...opened) + 1000, {}, () => {})).toThrow(
    expect.objectContaining({ code: 'EBADF', syscall: 'epoll_ctl' }),
  )
})
