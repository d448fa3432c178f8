// What tests of Fast Open do inside a namespace: connections of the package, and servers that remember what came to
// them. Everything made here is closed by reset().
import { getEventListeners, once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { Worker } from 'node:worker_threads'
import {
  connect,
  fastOpenInfo,
  listen,
  promote,
  reserveEchoId,
  reservePort,
  reserveTuple,
} from '@slatfatf/tfo-socket'

const sockets = new Map()
const servers = new Map()
const accepted = []
const reservations = new Map()
const attempts = new Map()
let worker
let lastId = 0

function keep(map, value) {
  lastId += 1
  map.set(lastId, value)
  return lastId
}

/**
 * A server that collects what every connection sends. `banner` is sent at once, `echo` answers when the client has
 * ended its side.
 */
export async function serve({ banner, echo, ...options }) {
  const server = createServer({ allowHalfOpen: echo === true }, (socket) => {
    const connection = {
      socket,
      info: fastOpenInfo(socket),
      chunks: [],
      ended: false,
      from: [socket.remoteAddress, socket.remotePort],
    }
    accepted.push(connection)
    socket.on('error', () => {})
    socket.on('data', (chunk) => connection.chunks.push(chunk))
    socket.on('end', () => {
      connection.ended = true
      if (echo) socket.end(Buffer.concat(connection.chunks))
    })
    if (banner !== undefined) socket.write(banner)
  })
  const listening = await listen(server, options)
  keep(servers, server)
  return { ...listening, ...server.address() }
}

/** What the connections have sent so far. */
export function received() {
  return accepted.map(({ chunks, ended, info, from }) => ({
    text: Buffer.concat(chunks).toString('latin1'),
    dataAccepted: info.dataAccepted,
    ended,
    from,
  }))
}

export function receivedLength(index) {
  return accepted[index]?.chunks.reduce((sum, chunk) => sum + chunk.length, 0) ?? 0
}

/** Whether byte i of what a connection sent is i modulo 251. */
export function receivedPattern(index) {
  return Buffer.concat(accepted[index].chunks).every((byte, i) => byte === i % 251)
}

export function pattern(length) {
  return Uint8Array.from({ length }, (_, i) => i % 251)
}

function describe(socket) {
  socket.on('error', () => {})
  const { localAddress, localPort, remoteAddress, remotePort, allowHalfOpen } = socket
  return {
    id: keep(sockets, socket),
    local: [localAddress, localPort],
    remote: [remoteAddress, remotePort],
    allowHalfOpen,
    info: fastOpenInfo(socket),
  }
}

function lookupOf(addresses) {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address })),
    )
}

function complete({ addresses, patternLength, ...options }) {
  return {
    ...options,
    ...(addresses !== undefined && { lookup: lookupOf(addresses) }),
    ...(patternLength !== undefined && { data: pattern(patternLength) }),
  }
}

/** Connects; an AggregateError does not survive the way to the test, so what it holds is told. */
export async function open(options) {
  try {
    return describe(await connect(complete(options)))
  } catch (error) {
    if (error.cause instanceof AggregateError) {
      error.hint = error.cause.errors.map(({ code, remoteAddress }) => `${code} ${remoteAddress}`).join(', ')
    }
    throw error
  }
}

export function info(id) {
  return fastOpenInfo(sockets.get(id))
}

export function write(id, data) {
  sockets.get(id).write(data)
}

export function writePattern(id, length) {
  sockets.get(id).write(pattern(length))
}

export function end(id, data) {
  sockets.get(id).end(data)
}

export function destroy(id) {
  sockets.get(id).destroy()
}

/** What the socket sends until its side ends. */
export async function readAll(id) {
  const chunks = await sockets.get(id).toArray()
  return Buffer.concat(chunks).toString('latin1')
}

export async function readOnce(id) {
  const [chunk] = await once(sockets.get(id), 'data')
  return chunk.toString('latin1')
}

export async function errorOf(id) {
  const socket = sockets.get(id)
  if (socket.errored) return socket.errored.code
  const [error] = await once(socket, 'error')
  return error.code
}

/** As node:http writes a request with a body: corked. */
export function writeCorked(id, ...chunks) {
  const socket = sockets.get(id)
  socket.cork()
  for (const chunk of chunks) socket.write(chunk, 'latin1')
  socket.uncork()
}

export function bytesWritten(id) {
  return sockets.get(id).bytesWritten
}

/** Begins to connect, and returns the handle of the attempt at once. */
export function begin(options) {
  const controller = new AbortController()
  const promise = connect({ ...complete(options), signal: controller.signal })
  promise.catch(() => {})
  return keep(attempts, { controller, promise })
}

export async function abort(id) {
  const { controller, promise } = attempts.get(id)
  controller.abort(new Error('enough'))
  return promise.then(
    () => 'connected',
    (error) => error.message,
  )
}

/** Aborted before the call, and during a lookup that never ends. */
export async function abortEarly(options) {
  const messages = []
  const controller = new AbortController()
  const looking = connect({ ...options, host: 'name.example', lookup: () => {}, signal: controller.signal })
  controller.abort(new Error('enough'))
  for (const promise of [looking, connect({ ...options, signal: controller.signal })]) {
    messages.push(
      await promise.then(
        () => 'connected',
        (error) => error.message,
      ),
    )
  }
  return messages
}

/** How many listeners a signal has left after connections that succeeded, failed, and looked up a name. */
export async function listenersLeft(...optionsOfAll) {
  const { signal } = new AbortController()
  for (const options of optionsOfAll) {
    const socket = await connect({ ...complete(options), signal }).catch(() => undefined)
    if (socket === undefined) continue
    socket.on('error', () => {})
    keep(sockets, socket)
  }
  return getEventListeners(signal, 'abort').length
}

export async function connectTimes(options, times) {
  const codes = new Set()
  for (let i = 0; i < times; i += 1) {
    try {
      const socket = await connect(complete(options))
      socket.on('error', () => {})
      socket.resetAndDestroy()
      await once(socket, 'close')
      codes.add('connected')
    } catch (error) {
      codes.add(error.code)
    }
  }
  return [...codes]
}

export async function abortTimes(options, times) {
  for (let i = 0; i < times; i += 1) {
    const controller = new AbortController()
    const promise = connect({ ...complete(options), signal: controller.signal })
    setImmediate(() => controller.abort())
    await promise.catch(() => {})
  }
}

export async function listenTimes(options, times) {
  const codes = new Set()
  for (let i = 0; i < times; i += 1) {
    await listen(createServer(), options).catch((error) => codes.add(error.code))
  }
  return [...codes]
}

export async function listenTwice(options) {
  const server = createServer()
  keep(servers, server)
  await listen(server, options)
  const code = await listen(server, { ...options, port: 0 }).then(
    () => 'listening',
    (error) => error.code,
  )
  return server.listenerCount('error') === 0 ? code : 'a listener is left'
}

export function listenAndClose(options) {
  const server = createServer()
  const listening = listen(server, options)
  server.close()
  return listening.then(
    () => 'listening',
    (error) => error.code,
  )
}

export async function serveHttp(options, tls) {
  const answer = (request, response) =>
    response.end(`${request.url} ${fastOpenInfo(request.socket).dataAccepted}`)
  const server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer)
  keep(servers, server)
  return listen(server, options)
}

/** One request over a socket of connect; TLS speaks first, so its ClientHello is what the SYN carries. */
export async function request(options, path, tls) {
  const plain = await connect(options)
  const socket = tls === undefined ? plain : tlsConnect({ socket: plain, rejectUnauthorized: false })
  socket.on('error', () => {})
  keep(sockets, socket)
  const chunks = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\n${'X-Filler: 0\r\n'.repeat(10)}\r\n`,
  )
  await once(socket, 'end')
  const [, body] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n')
  return { body, info: fastOpenInfo(plain) }
}

export function reserve(kind, options) {
  const functions = { tuple: reserveTuple, port: reservePort, 'echo-id': reserveEchoId }
  const reservation = functions[kind](options)
  return { id: keep(reservations, reservation), port: reservation.port }
}

export function release(id) {
  reservations.get(id).release()
}

export function isReleased(id) {
  return reservations.get(id).released
}

export async function promoteReservation(id, options) {
  return describe(await promote(reservations.get(id), options))
}

export function beginPromotion(id, options) {
  const controller = new AbortController()
  const promise = promote(reservations.get(id), { ...options, signal: controller.signal })
  promise.catch(() => {})
  return keep(attempts, { controller, promise })
}

export function openDescriptors() {
  return readdirSync('/proc/self/fd').length
}

export function openSockets() {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

/** A counter of /proc/net/netstat, such as `TcpExt: TCPFastOpenActive`. */
export function kernelCounter(group, name) {
  const text = readFileSync('/proc/net/netstat', 'latin1')
  const [names, values] = text.split('\n').filter((line) => line.startsWith(`${group}: `))
  return Number(values.split(' ')[names.split(' ').indexOf(name)])
}

export async function connectInWorker(options) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { connect } = require('@slatfatf/tfo-socket')
    connect(workerData).catch(() => {})
    setImmediate(() => parentPort.postMessage('connecting'))`
  worker = new Worker(source, { eval: true, workerData: options })
  await once(worker, 'message')
}

export async function terminateWorker() {
  await worker.terminate()
}

export async function reset() {
  for (const { controller, promise } of attempts.values()) {
    controller.abort()
    await promise.then(
      (socket) => socket.resetAndDestroy(),
      () => {},
    )
  }
  for (const socket of [...sockets.values(), ...accepted.map(({ socket }) => socket)]) {
    if (socket.destroyed) continue
    const closed = once(socket, 'close')
    if ('resetAndDestroy' in socket) socket.resetAndDestroy()
    else socket.destroy()
    await closed.catch(() => {})
  }
  for (const server of servers.values()) {
    server.closeAllConnections?.()
    await new Promise((resolve) => server.close(resolve))
  }
  for (const reservation of reservations.values()) reservation.release()
  for (const map of [attempts, sockets, servers, reservations]) map.clear()
  accepted.length = 0
}
