import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import http, { type RequestListener } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import fastify from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { ListenSocket } from '../../src/descriptor/listen-socket.js'
import { openListenSocket } from '../../src/descriptor/open-listen-socket.js'

// Each kind of server is given the socket twice, one after the other, by TCP and by path: the first must leave
// it open when it closes, the second must answer as the first did.

let directory: string
let tls: { key: Buffer; cert: Buffer }
let sockets: ListenSocket[]
let before: number

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'servers-'))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', ...kind, ...names], { stdio: 'ignore' })
  tls = { key: readFileSync(key), cert: readFileSync(cert) }
})
afterAll(() => rmSync(directory, { recursive: true }))

beforeEach(async () => {
  before = readdirSync('/proc/self/fd').length
  sockets = [
    await openListenSocket('tcp', { port: 0, host: '127.0.0.1' }),
    await openListenSocket('unix', { path: join(directory, 'app.sock') }),
  ]
})
afterEach(() => {
  for (const socket of sockets) socket.close({ unlink: true })
  expect(existsSync(join(directory, 'app.sock'))).toBe(false)
})

interface Service {
  ask(): Promise<string>
  close(): Promise<unknown>
}

async function servesTwice(start: (socket: ListenSocket) => Promise<Service>): Promise<void> {
  for (const socket of sockets) {
    for (let round = 0; round < 2; round += 1) {
      const service = await start(socket)
      expect(await service.ask()).toBe('hello')
      await service.close()
    }
  }
}

type Closable = { close(callback: () => void): unknown }

const closed = (server: Closable) => new Promise<void>((resolve) => server.close(() => resolve()))

async function listening<S extends net.Server>(server: S, socket: ListenSocket): Promise<S> {
  server.listen(socket.listenOptions())
  await once(server, 'listening')
  return server
}

/** Where a client of Node finds the socket. */
function target({ address }: ListenSocket): { socketPath: string } | { host: string; port: number } {
  return 'path' in address ? { socketPath: address.path } : address
}

function dial({ address }: ListenSocket): net.Socket {
  return 'path' in address ? net.connect(address.path) : net.connect(address.port, address.host)
}

async function text(request: http.ClientRequest): Promise<string> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const chunks = await response.toArray()
  return Buffer.concat(chunks).toString()
}

const askHttp = (socket: ListenSocket) => text(http.get({ ...target(socket), agent: false }))

const answer: RequestListener = (_request, response) => response.end('hello')

test('http', () =>
  servesTwice(async (socket) => {
    const server = await listening(http.createServer(answer), socket)
    return { ask: () => askHttp(socket), close: () => closed(server) }
  }))

test('https', () =>
  servesTwice(async (socket) => {
    const server = await listening(https.createServer(tls, answer), socket)
    const ask = () =>
      text(https.get({ ...target(socket), ca: tls.cert, servername: 'localhost', agent: false }))
    return { ask, close: () => closed(server) }
  }))

async function askHttp2(session: http2.ClientHttp2Session): Promise<string> {
  const stream = session.request({ ':path': '/' })
  const chunks = await stream.toArray()
  session.close()
  await once(session, 'close')
  return Buffer.concat(chunks).toString()
}

test('http2 without TLS', () =>
  servesTwice(async (socket) => {
    const server = http2.createServer((_request, response) => response.end('hello'))
    await listening(server, socket)
    const createConnection = () => dial(socket)
    const ask = () => askHttp2(http2.connect('http://localhost', { createConnection }))
    return { ask, close: () => closed(server) }
  }))

test('http2 with TLS', () =>
  servesTwice(async (socket) => {
    const server = http2.createSecureServer(tls, (_request, response) => response.end('hello'))
    await listening(server, socket)
    const { address } = socket
    const where = 'path' in address ? { path: address.path } : { port: address.port, host: address.host }
    const ask = () =>
      askHttp2(
        http2.connect('https://localhost', {
          ca: tls.cert,
          ...(where as object),
        } as http2.SecureClientSessionOptions),
      )
    return { ask, close: () => closed(server) }
  }))

test('net', () =>
  servesTwice(async (socket) => {
    const server = await listening(
      net.createServer((connection) => connection.end('hello')),
      socket,
    )
    const ask = async () => Buffer.concat(await dial(socket).toArray()).toString()
    return { ask, close: () => closed(server) }
  }))

test('dgram', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const socket = await openListenSocket('udp', { udp: true, port: 0, host })
    const { port } = socket.address as { port: number }
    const type = host.includes(':') ? 'udp6' : 'udp4'
    for (let round = 0; round < 2; round += 1) {
      const server = createSocket(type)
      server.on('message', (_bytes, from) => server.send('hello', from.port, from.address))
      // It says that it listens before bind returns.
      await new Promise<void>((resolve) => server.bind(socket.listenOptions(), resolve))
      const client = createSocket(type)
      client.send('question', port, host)
      const [bytes] = (await once(client, 'message')) as [Buffer]
      expect(bytes.toString()).toBe('hello')
      await Promise.all([closed(client), closed(server)])
    }
    socket.close()
  }
})

test('fastify, which opens no other socket beside it', () =>
  servesTwice(async (socket) => {
    const app = fastify()
    app.get('/', () => 'hello')
    // Its own listen() wants an address, which Node does not tell of a path that came as a descriptor.
    if (socket.kind === 'unix') {
      await app.ready()
      await listening(app.server, socket)
      return { ask: () => askHttp(socket), close: () => closed(app.server) }
    }
    await app.listen(socket.listenOptions())
    expect(app.addresses()).toHaveLength(1)
    return { ask: () => askHttp(socket), close: () => app.close() }
  }))

test('express', () =>
  servesTwice(async (socket) => {
    const app = express()
    app.get('/', (_request: unknown, response: { send(text: string): void }) => response.send('hello'))
    const server = await listening(http.createServer(app), socket)
    return { ask: () => askHttp(socket), close: () => closed(server) }
  }))

test('ws', () =>
  servesTwice(async (socket) => {
    const server = http.createServer()
    const webSockets = new WebSocketServer({ server })
    webSockets.on('connection', (webSocket: { send(text: string): void }) => webSocket.send('hello'))
    await listening(server, socket)
    const { address } = socket
    const url = 'path' in address ? `ws+unix:${address.path}:/` : `ws://${address.host}:${address.port}`
    const ask = async () => {
      const client = new WebSocket(url)
      const [data] = (await once(client, 'message')) as [Buffer]
      client.close()
      await once(client, 'close')
      return data.toString()
    }
    return { ask, close: () => Promise.all([closed(webSockets), closed(server)]) }
  }))

test('nothing is left open', () => {
  for (const socket of sockets) socket.close({ unlink: true })
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})
