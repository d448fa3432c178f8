import type { EventEmitter } from 'node:events'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.js'
import { connectRaw } from '../../test/raw-client.js'
import { type Drain, openDrain } from './drain.js'
import type { WebSocketLike, WebSocketServerLike } from './web-socket-part.js'

type ClientSocket = Omit<WebSocketLike, 'once'> & EventEmitter

// `ws` comes without types.
const { WebSocket, WebSocketServer } = createRequire(import.meta.url)('ws') as {
  WebSocket: new (url: string) => ClientSocket
  WebSocketServer: new (options: { server: Server }) => WebSocketServerLike
}

let server: Server
let sockets: WebSocketServerLike
let clock: ManualClock
let drain: Drain
const cleanUp: (() => void)[] = []

beforeEach(async () => {
  server = createServer((_request, answer) => answer.end('plain'))
  sockets = new WebSocketServer({ server })
  clock = new ManualClock()
  drain = openDrain({ timeoutMs: 10_000, politeMs: 8_000, environment: clock })
  cleanUp.push(() => drain.kill())
  drain.http('web', server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
})

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step()
})

async function client(): Promise<ClientSocket & { closed: Promise<[number, Buffer]> }> {
  const made = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  cleanUp.push(() => made.terminate())
  const closed = once(made, 'close') as Promise<[number, Buffer]>
  await once(made, 'open')
  return Object.assign(made, { closed })
}

test('each client is told 1001 and why, and the HTTP server under it drains with them', async () => {
  drain.webSocket('chat', sockets, { reason: 'new version', spreadMs: 0 })
  const clients = [await client(), await client()]
  const report = drain.start()
  for (const { closed } of clients) {
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([1001, 'new version'])
  }
  expect(await report).toMatchObject({ clean: true, cut: [] })
})

test('the close frames are spread over spreadMs', async () => {
  drain.webSocket('chat', sockets, { spreadMs: 1_000 })
  const clients = []
  for (let index = 0; index < 10; index++) clients.push(await client())
  const report = drain.start()
  await waitFor(() => sockets.clients.size === 9)
  clock.advance(40)
  expect(sockets.clients.size).toBe(9)
  clock.advance(400)
  await waitFor(() => sockets.clients.size < 9)
  expect(sockets.clients.size).toBeGreaterThan(0)
  // Each step is at most half as long again as its share.
  clock.advance(1_100)
  await Promise.all(clients.map(({ closed }) => closed))
  expect(await report).toMatchObject({ clean: true })
})

test('shorten ends the pacing', async () => {
  drain.webSocket('chat', sockets, { spreadMs: 1_000 })
  const clients = [await client(), await client(), await client()]
  const report = drain.start()
  drain.shorten()
  await Promise.all(clients.map(({ closed }) => closed))
  expect(await report).toMatchObject({ clean: true })
})

test('a client that comes over a lingering connection is told at once', async () => {
  drain.webSocket('chat', sockets, { spreadMs: 0 })
  const raw = await connectRaw((server.address() as AddressInfo).port)
  cleanUp.push(() => raw.close())
  await waitFor(() => drain.status().open.length === 1)
  void drain.start()
  raw.send(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  // A close frame without mask, and 1001 in it.
  await raw.sees('\x03\xe9')
})

test('a client that does not answer its close frame is cut in the forced phase, and counted once', async () => {
  drain.webSocket('chat', sockets, { spreadMs: 0 })
  const deaf = await connectRaw((server.address() as AddressInfo).port)
  cleanUp.push(() => deaf.close())
  deaf.send(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await waitFor(() => sockets.clients.size === 1)
  const report = drain.start()
  await deaf.sees('\x03\xe9')
  clock.advance(8_000)
  expect(await report).toMatchObject({
    clean: false,
    cut: [{ kind: 'websocket', name: 'chat', count: 1 }],
  })
})
