// What a client sees over a connection that was handed over is what it would see over one that the server accepted.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { get, RawClient } from '../../test/raw-client.js'
import { binding } from '../binding.js'
import { openDrain } from '../drain/drain.js'

const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

type Target = { port: number; host: string } | { path: string }

async function listening(server: Server, target: Target): Promise<Target> {
  cleanUp.push(() => server.close())
  if (!server.listening) await once(server.listen({ ...target }), 'listening')
  const address = server.address()
  return typeof address === 'string' ? { path: address } : { port: address!.port, host: '127.0.0.1' }
}

/** A client of a server that has its connection from another one; without `handedOver` from itself. */
async function clientOf(server: Server, handedOver: boolean, unix = false): Promise<RawClient> {
  const folder = mkdtempSync(join(tmpdir(), 'restart-received-'))
  cleanUp.push(() => rmSync(folder, { recursive: true }))
  const target = (name: string): Target =>
    unix ? { path: join(folder, name) } : { port: 0, host: '127.0.0.1' }
  const next = openDrain({ timeoutMs: 20_000 })
  next.http('web', server, { handOver: true })
  cleanUp.push(() => next.kill())
  const own = await listening(server, target('next'))
  if (!handedOver) return connected(own)
  const old = openDrain({ timeoutMs: 20_000 })
  cleanUp.push(() => old.kill())
  const first = createServer((_request, answer) => answer.end('first'))
  old.http('web', first, { handOver: true })
  old.connections.carrier = {
    async send(name, fds) {
      const copies = fds.map((fd) => binding().duplicateFd(fd))
      next.connections.receive(name, copies)
      return true
    },
  }
  const client = await connected(await listening(first, target('old')))
  client.send(get('/'))
  await client.sees('first')
  expect(await old.start()).toMatchObject({ clean: true, handedOver: 1 })
  client.text = ''
  return client
}

async function connected(target: Target): Promise<RawClient> {
  const socket = connect({ ...target })
  await once(socket, 'connect')
  const client = new RawClient(socket)
  cleanUp.push(() => client.close())
  return client
}

const echo: RequestListener = (request, answer) => {
  const parts: Buffer[] = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () =>
    setImmediate(() => answer.end(`${request.method} ${request.url} [${Buffer.concat(parts)}]`)),
  )
}

async function transcript(client: RawClient, steps: (string | [string, string])[]): Promise<string> {
  for (const step of steps) {
    const [text, answer] = typeof step === 'string' ? [step, undefined] : step
    client.send(text)
    if (answer !== undefined) await client.sees(answer)
  }
  return client.text.replaceAll(/Date: .*\r\n/g, '')
}

const expecting = 'POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n'

test.each<[string, (string | [string, string])[]]>([
  ['HTTP/1.0', [['GET /x HTTP/1.0\r\n\r\n', 'GET /x []']]],
  ['HTTP/1.0 that keeps alive', [['GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 'GET /x []']]],
  ['HEAD, and the request behind it', ['HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n', [get('/y'), 'GET /y []']]],
  [
    'Expect: 100-continue',
    [
      [expecting, '100 Continue'],
      ['abc', 'POST /x [abc]'],
    ],
  ],
  ['requests that are pipelined', [[get('/1') + get('/2') + get('/3'), 'GET /3 []']]],
  ['a request in pieces', ['G', ['ET /x HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /x []']]],
  ['nonsense', [['nonsense\r\n\r\n', '400 Bad Request']]],
  [
    'the most requests of a connection',
    [
      [get('/1'), '/1 []'],
      [get('/2'), '/2 []'],
      [get('/3'), '/3 []'],
    ],
  ],
])('%s: the answers are those of a connection that the server accepted', async (_what, steps) => {
  const transcripts: string[] = []
  for (const handedOver of [false, true]) {
    const server = createServer({ keepAliveTimeout: 20_000 }, echo)
    server.maxRequestsPerSocket = 3
    transcripts.push(await transcript(await clientOf(server, handedOver), steps))
  }
  expect(transcripts[1]).toBe(transcripts[0])
})

test('a client that ends its side with its request gets the answer, where the server allows it', async () => {
  const server = createServer(echo) as Server & { httpAllowHalfOpen: boolean }
  server.httpAllowHalfOpen = true
  const client = await clientOf(server, true)
  client.socket.end(get('/x'))
  await client.sees('GET /x []')
  expect(await client.ended()).toBe('end')
})

test('the handler sees the address of the client, and listeners of the server see the connection', async () => {
  const server = createServer((request, answer) => {
    const { remoteAddress, remotePort } = request.socket
    answer.end(`${remoteAddress} ${remotePort}.`)
  })
  let connections = 0
  server.on('connection', () => connections++)
  const client = await clientOf(server, true)
  client.send(get('/'))
  await client.sees(`127.0.0.1 ${client.socket.localPort}.`)
  expect(connections).toBe(1)
})

test('connections of a Unix socket go along too', async () => {
  const client = await clientOf(createServer(echo), true, true)
  client.send(get('/x'))
  await client.sees('GET /x []')
})

test('an idle connection that was handed over can become a WebSocket', async () => {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  sockets.on(
    'connection',
    (socket: { send(text: string): void; on(event: 'message', listener: (text: Buffer) => void): void }) =>
      socket.on('message', (text) => socket.send(`echo ${text}`)),
  )
  const client = await clientOf(server, true)
  const key = 'dGhlIHNhbXBsZSBub25jZQ=='
  const frame = String.fromCharCode(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69)
  client.send(
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n${frame}`,
  )
  await client.sees('101 Switching Protocols')
  await client.sees('echo hi')
})

test('Express and Fastify serve connections that were handed over', async () => {
  const app = express()
  app.get('/x', (request: { ip: string }, answer: { send(text: string): void }) =>
    answer.send(`express ${request.ip}`),
  )
  const fast = fastify()
  fast.get('/x', async (request) => `fastify ${request.ip}`)
  await fast.ready()
  for (const [server, text] of [
    [createServer(app), 'express 127.0.0.1'],
    [fast.server, 'fastify 127.0.0.1'],
  ] as const) {
    const client = await clientOf(server, true)
    client.send(get('/x'))
    await client.sees(text)
  }
})
