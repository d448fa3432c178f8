import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { afterEach, expect, test } from 'vitest'
import { certificate } from '../../test/certificate.js'
import { binding } from '../binding.js'
import { type Drain, openDrain } from './drain.js'

const cleanUp: (() => void)[] = []

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step()
})

interface Fixture {
  server: Http2Server | Http2SecureServer
  drain: Drain
  port: number
  held: Map<string, ServerHttp2Stream>
}

async function listening(
  server: Http2Server | Http2SecureServer,
  { lingerMs = 100, politeMs = 10_000 } = {},
): Promise<Fixture> {
  const held = new Map<string, ServerHttp2Stream>()
  server.on('stream', (stream: ServerHttp2Stream, headers: { ':path'?: string }) => {
    stream.on('error', () => {})
    const path = headers[':path']!
    if (path.startsWith('/held')) held.set(path, stream)
    else stream.end(`done ${path}`)
  })
  const drain = openDrain({ timeoutMs: 12_000, politeMs })
  drain.http2('web', server, { lingerMs })
  cleanUp.push(() => drain.kill())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, drain, port: (server.address() as AddressInfo).port, held }
}

async function session(authority: string): Promise<ClientHttp2Session> {
  const made = connect(authority, { rejectUnauthorized: false })
  made.on('error', () => {})
  cleanUp.push(() => made.destroy())
  await once(made, 'connect')
  return made
}

async function get(client: ClientHttp2Session, path: string): Promise<string> {
  const stream = client.request({ ':path': path })
  stream.setEncoding('utf8')
  let text = ''
  for await (const part of stream) text += part
  return text
}

test.each(['h2c', 'h2'])(
  '%s: the first GOAWAY refuses nothing, open streams end, then the session',
  async (kind) => {
    const { drain, port, held } = await listening(
      kind === 'h2' ? createSecureServer(certificate()) : createServer(),
    )
    const client = await session(`${kind === 'h2' ? 'https' : 'http'}://127.0.0.1:${port}`)
    const goaways: [number, number][] = []
    client.on('goaway', (code: number, last: number) => goaways.push([code, last]))
    const open = get(client, '/held')
    await waitFor(() => held.has('/held'))
    const report = drain.start()
    await waitFor(() => goaways.length > 0)
    held.get('/held')!.end('at last')
    expect(await open).toBe('at last')
    expect(await report).toMatchObject({ clean: true, cut: [] })
    expect(goaways[0]).toEqual([0, 2 ** 31 - 1])
    await waitFor(() => client.destroyed)
  },
)

test('a session without streams ends by itself', async () => {
  const { drain, port } = await listening(createServer())
  const client = await session(`http://127.0.0.1:${port}`)
  expect(await get(client, '/1')).toBe('done /1')
  expect(await drain.start()).toMatchObject({ clean: true })
  await waitFor(() => client.destroyed)
})

test('streams that do not end are cut in the forced phase, and counted', async () => {
  const { drain, port, held } = await listening(createServer(), { politeMs: 200 })
  const client = await session(`http://127.0.0.1:${port}`)
  for (const path of ['/held/1', '/held/2']) client.request({ ':path': path }).on('error', () => {})
  await waitFor(() => held.size === 2)
  expect(await drain.start()).toMatchObject({
    clean: false,
    cut: [{ kind: 'http2-stream', name: 'web', count: 2 }],
  })
})

test('a client that says nothing, not even the preface, does not hold the drain', async () => {
  const { drain, port } = await listening(createServer())
  const silent = connectTcp(port, '127.0.0.1')
  silent.on('error', () => {})
  cleanUp.push(() => silent.destroy())
  await waitFor(() => drain.status().open.length > 0)
  expect(await drain.start()).toMatchObject({ clean: true })
})

test('a client that never begins its TLS handshake does not hold the drain either', async () => {
  const { drain, port } = await listening(createSecureServer(certificate()))
  const silent = connectTcp(port, '127.0.0.1')
  silent.on('error', () => {})
  cleanUp.push(() => silent.destroy())
  await waitFor(() => drain.status().open.length > 0)
  expect(await drain.start()).toMatchObject({ clean: true })
})

test('HTTP/1.1 clients of the same server are told Connection: close', async () => {
  const server = createSecureServer({ ...certificate(), allowHTTP1: true }, (request, answer) => {
    if (request.httpVersionMajor === 1) setImmediate(() => answer.end('one'))
  })
  const { drain, port } = await listening(server)
  const asked = once(server, 'request')
  const sent = httpsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false })
  sent.end()
  await asked
  const report = drain.start()
  const [answer] = await once(sent, 'response')
  expect(answer.headers.connection).toBe('close')
  answer.resume()
  expect(await report).toMatchObject({ clean: true })
})

test('every stream that a server has seen is answered while server after server drains under load', async () => {
  const listener = binding().listenTcp('127.0.0.1', 0, 511, 0)
  cleanUp.push(() => binding().closeFd(listener))
  const { local } = binding().describeFd(listener) as { local: { port: number } }
  const failed: { path: string; code: string; message: string }[] = []
  const seen = new Set<string>()
  const done = new Map<string, number>()
  let requests = 0
  let stopped = false

  async function run(): Promise<void> {
    let client: ClientHttp2Session | undefined
    while (!stopped) {
      if (client === undefined || client.closed || client.destroyed) {
        client = await session(`http://127.0.0.1:${local.port}`)
      }
      const path = `/${requests++}`
      try {
        const name = await get(client, path)
        done.set(name, (done.get(name) ?? 0) + 1)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        failed.push({ path, code: code!, message })
      }
    }
  }

  let old: Drain | undefined
  let running: Promise<unknown> | undefined
  for (const name of ['a', 'b', 'c', 'd']) {
    const server = createServer()
    server.on('stream', (stream: ServerHttp2Stream, headers: { ':path'?: string }) => {
      seen.add(headers[':path']!)
      setTimeout(() => stream.end(name), Math.random() * 3)
    })
    const drain = openDrain({ timeoutMs: 12_000 })
    cleanUp.push(() => drain.kill())
    drain.http2('web', server)
    await once(server.listen({ fd: binding().duplicateFd(listener) }), 'listening')
    running ??= Promise.all([1, 2, 3, 4, 5].map(run))
    if (old !== undefined) expect(await old.start()).toMatchObject({ clean: true })
    await waitFor(() => (done.get(name) ?? 0) > 50, { timeoutMs: 10_000 })
    old = drain
  }
  stopped = true
  await running
  // Node's client refuses by itself what it had queued, but not sent, when the GOAWAY came.
  expect(failed.filter(({ message }) => !message.includes('REFUSED_STREAM'))).toEqual([])
  expect(failed.filter(({ path }) => seen.has(path))).toEqual([])
  expect(failed.length).toBeLessThan(20)
})
