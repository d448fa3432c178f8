import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import type { ListenAddress } from './listen-address.js'
import { adoptListenSocket, type ListenSocket } from './listen-socket.js'
import { type ListenSocketOptions, openListenSocket } from './open-listen-socket.js'

let directory: string
let before: number
const sockets: ListenSocket[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'listen-socket-'))
  before = readdirSync('/proc/self/fd').length
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
  rmSync(directory, { recursive: true })
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})

async function open(address: ListenAddress, options?: ListenSocketOptions): Promise<ListenSocket> {
  const socket = await openListenSocket('main', address, options)
  sockets.push(socket)
  return socket
}

const portOf = ({ address }: ListenSocket) => (address as { port: number }).port

test('a TCP socket without a host takes IPv6 and IPv4', async () => {
  const socket = await open({ port: 0 })
  expect(socket).toMatchObject({ name: 'main', kind: 'tcp', claimed: false, isOpen: true })
  expect(socket.address).toEqual({ host: '::', port: expect.any(Number) })
  expect(portOf(socket)).toBeGreaterThan(0)
  expect(binding().describeFd(socket.fd)).toMatchObject({
    kind: 'socket',
    family: 'inet6',
    type: 'stream',
    listening: true,
    closeOnExec: true,
  })
})

test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('a TCP socket listens on %s', async (host) => {
  expect((await open({ port: 0, host })).address).toMatchObject({ host })
})

test('a name stands for its first address', async () => {
  const { host } = (await open({ port: 0, host: 'localhost' })).address as { host: string }
  expect(['127.0.0.1', '::1']).toContain(host)
})

test('a UDP socket is bound', async () => {
  const socket = await open({ udp: true, port: 0, host: '127.0.0.1' })
  expect(socket).toMatchObject({ kind: 'udp', address: { host: '127.0.0.1' } })
  expect(binding().describeFd(socket.fd)).toMatchObject({ type: 'dgram', listening: false })
})

test('a Unix socket has its path and mode', async () => {
  const path = join(directory, 'app.sock')
  const socket = await open({ path, mode: 0o660 })
  expect(socket).toMatchObject({ kind: 'unix', address: { path } })
  socket.close({ unlink: true })
  expect(existsSync(path)).toBe(false)
})

test('closing keeps the path, which a successor may serve, and is idempotent', async () => {
  const path = join(directory, 'app.sock')
  const socket = await open({ path })
  socket.close()
  socket.close({ unlink: true })
  expect(existsSync(path)).toBe(true)
  expect(socket.isOpen).toBe(false)
  expect(() => socket.listenOptions()).toThrow(expect.objectContaining({ code: 'ERR_RESTART_SOCKET_CLOSED' }))
})

test.each([false, true])('a port that is taken says by whom to ask (udp: %s)', async (udp) => {
  const first = await open({ udp, port: 0, host: '127.0.0.1' } as ListenAddress)
  const port = portOf(first)
  await expect(open({ udp, port, host: '127.0.0.1' } as ListenAddress)).rejects.toMatchObject({
    name: 'RestartError',
    code: 'EADDRINUSE',
    errno: -98,
    hint: expect.stringContaining(`ss -H${udp ? 'u' : 't'}lnp 'sport = :${port}'`),
  })
})

test('sockets with reusePort share a port', async () => {
  const first = await open({ port: 0, host: '127.0.0.1' }, { reusePort: true })
  const second = await open({ port: portOf(first), host: '127.0.0.1' }, { reusePort: true })
  expect(second.address).toEqual(first.address)
})

test('with ipv6Only IPv4 stays free', async () => {
  const first = await open({ port: 0, host: '::' }, { ipv6Only: true })
  await open({ port: portOf(first), host: '0.0.0.0' })
})

test('an address that is not here is refused, and taken with freebind', async () => {
  const address = { port: 0, host: '192.0.2.77' }
  await expect(open(address)).rejects.toMatchObject({
    code: 'EADDRNOTAVAIL',
    hint: expect.stringContaining('ip address show'),
  })
  expect((await open(address, { freebind: true })).address).toMatchObject({ host: '192.0.2.77' })
  expect((await open({ port: 0, host: '2001:db8::77' }, { freebind: true })).address).toMatchObject({
    host: '2001:db8::77',
  })
})

test('a name without an address is refused', async () => {
  await expect(open({ port: 0, host: 'no-such-host.invalid' })).rejects.toMatchObject({
    name: 'RestartError',
    code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    hint: expect.stringContaining('getent hosts'),
  })
})

test('wrong options are refused', async () => {
  await expect(open({ port: 0 }, { reuseport: true } as never)).rejects.toThrow(RangeError)
  await expect(open({ port: 0 }, { backlog: -1 })).rejects.toThrow(RangeError)
  await expect(open({ port: 0 }, { freebind: 1 as never })).rejects.toThrow(TypeError)
  await expect(openListenSocket(1 as never, { port: 0 })).rejects.toThrow(TypeError)
  await expect(open({ port: 0 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  })
})

test('a socket tells whether it is the one that is asked for', async () => {
  const everywhere = await open({ port: 0 })
  const port = portOf(everywhere)
  expect(await everywhere.serves({ port })).toBe(true)
  expect(await everywhere.serves({ port: 0 })).toBe(true)
  expect(await everywhere.serves({ port, host: '::' })).toBe(true)
  expect(await everywhere.serves({ port, host: '0:0:0::0' })).toBe(true)
  expect(await everywhere.serves({ port, host: '127.0.0.1' })).toBe(false)
  expect(await everywhere.serves({ port: port + 1 })).toBe(false)
  expect(await everywhere.serves({ udp: true, port })).toBe(false)
  expect(await everywhere.serves({ path: '/run/app.sock' })).toBe(false)

  const one = await open({ port: 0, host: '127.0.0.1' })
  expect(await one.serves({ port: portOf(one) })).toBe(false)
  expect(await one.serves({ port: portOf(one), host: '127.0.0.1' })).toBe(true)

  const path = join(directory, 'app.sock')
  const unix = await open({ path })
  expect(await unix.serves({ path, mode: 0o660 })).toBe(true)
  expect(await unix.serves({ path: `${path}2` })).toBe(false)
  expect(unix.setMode(0o660)).toBe(true)
  expect(one.setMode(0o660)).toBe(false)
})

test('a socket from elsewhere is adopted with its own address, and close-on-exec', async () => {
  const original = await open({ port: 0, host: '127.0.0.1' })
  const fd = binding().duplicateFd(original.fd)
  binding().setCloseOnExec(fd, false)
  const adopted = adoptListenSocket('http', fd)
  sockets.push(adopted)
  expect(adopted).toMatchObject({ name: 'http', kind: 'tcp', fd, address: original.address })
  expect(binding().describeFd(fd).closeOnExec).toBe(true)
})

test('what is no socket to listen on is refused, and stays open', async () => {
  const [stream, other] = binding().socketPair('stream')
  const [packets, ends] = binding().socketPair('seqpacket')
  const memory = binding().memoryFile('no socket', 0)
  for (const fd of [stream, packets, memory]) {
    expect(() => adoptListenSocket('http', fd)).toThrow(
      expect.objectContaining({ code: 'ERR_RESTART_NOT_A_LISTEN_SOCKET' }),
    )
    expect(binding().describeFd(fd)).toBeDefined()
  }
  for (const fd of [stream, other, packets, ends, memory]) binding().closeFd(fd)
  expect(() => adoptListenSocket('http', 999_999)).toThrow(expect.objectContaining({ code: 'EBADF' }))
})

test('what a server closes stays open here: a net server leaves the port and the path alone', async () => {
  const path = join(directory, 'app.sock')
  for (const socket of [await open({ port: 0, host: '127.0.0.1' }), await open({ path })]) {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(socket.listenOptions(), resolve))
    await new Promise((resolve) => server.close(resolve))
    expect(binding().describeFd(socket.fd)).toMatchObject({ listening: true })
  }
  expect(existsSync(path)).toBe(true)
})

test('what a dgram socket closes stays open here', async () => {
  const socket = await open({ udp: true, port: 0, host: '127.0.0.1' })
  const server = createSocket('udp4')
  await new Promise<void>((resolve) => server.bind(socket.listenOptions(), resolve))
  expect(server.address().port).toBe(portOf(socket))
  await new Promise<void>((resolve) => server.close(resolve))
  expect(binding().describeFd(socket.fd)).toMatchObject({ type: 'dgram', local: { port: portOf(socket) } })
})
