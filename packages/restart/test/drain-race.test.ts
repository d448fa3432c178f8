import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { Server as NetServer } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { binding } from '../src/binding.js'
import { openDrain } from '../src/drain/drain.js'
import { KeepAliveClients } from './keep-alive-clients.js'

interface Express {
  (): Express & RequestListener
  text(options: object): unknown
  use(handler: unknown): void
  post(path: string, handler: (request: { body: string }, answer: { send(text: string): void }) => void): void
}

// It comes without types.
const express = createRequire(import.meta.url)('express') as Express

const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

/** Says who it is and what it got, a little later. */
function echoServer(name: string): Server {
  return createServer((request, answer) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => setTimeout(() => answer.end(`${name} ${body}`), Math.random() * 3))
  })
}

/** A listening socket that outlives every server. */
function listener(): { port: number; listenOptions(): { fd: number } } {
  const fd = binding().listenTcp('127.0.0.1', 0, 511, 0)
  cleanUp.push(() => binding().closeFd(fd))
  const { local } = binding().describeFd(fd) as { local: { port: number } }
  return { port: local.port, listenOptions: () => ({ fd: binding().duplicateFd(fd) }) }
}

test.each([0, 20])(
  'no request is reset while server after server drains under load (pauses up to %i ms)',
  async (pauseMs) => {
    const { port, listenOptions } = listener()
    const clients = new KeepAliveClients(port, 20, pauseMs)
    cleanUp.push(() => clients.stop())
    let old: { drain: ReturnType<typeof openDrain>; name: string } | undefined
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const server = echoServer(name)
      const drain = openDrain({ timeoutMs: 20_000 })
      cleanUp.push(() => drain.kill())
      drain.http('web', server, { lingerMs: 200 })
      await once(server.listen(listenOptions()), 'listening')
      if (old !== undefined) expect(await old.drain.start()).toMatchObject({ clean: true, cut: [] })
      const done = () => clients.tally.servers.get(name) ?? 0
      await waitFor(() => done() > 100, { timeoutMs: 20_000, message: `answers of ${name}` })
      old = { drain, name }
    }
    const tally = await clients.stop()
    expect(tally.errors).toEqual([])
    expect([...tally.servers.keys()]).toEqual(['a', 'b', 'c', 'd', 'e'])
  },
)

test('a hold that is taken back costs no request: both accept in turn, and kept connections stay', async () => {
  const { port, listenOptions } = listener()
  const relisten = async (_name: string, server: NetServer) => {
    await once(server.listen(listenOptions()), 'listening')
  }
  const old = openDrain({ relisten })
  const oldServer = echoServer('old')
  cleanUp.push(() => old.kill())
  old.http('web', oldServer)
  await relisten('web', oldServer)
  const first = new KeepAliveClients(port, 5)
  cleanUp.push(() => first.stop())
  const next = openDrain()
  const nextServer = echoServer('next')
  cleanUp.push(() => next.kill())
  next.http('web', nextServer, { lingerMs: 200 })
  await waitFor(() => first.tally.done > 50)
  old.stopAccepting()
  await relisten('web', nextServer)
  const second = new KeepAliveClients(port, 5)
  cleanUp.push(() => second.stop())
  await waitFor(() => second.tally.done > 50)
  await old.resumeAccepting()
  expect(await next.start()).toMatchObject({ clean: true })
  const answers = second.tally.servers.get('old') ?? 0
  await waitFor(() => (second.tally.servers.get('old') ?? 0) > answers + 50)
  const tallies = [await first.stop(), await second.stop()]
  expect(tallies.flatMap(({ errors }) => errors)).toEqual([])
  expect([...tallies[0]!.servers.keys()]).toEqual(['old'])
  expect(tallies[0]!.ports.size).toBe(5)
})

test('Express and Fastify drain as well as the plain server', async () => {
  const { port, listenOptions } = listener()
  const clients = new KeepAliveClients(port, 5)
  cleanUp.push(() => clients.stop())

  const app = express()
  app.use(express.text({ type: () => true }))
  app.post('/', (request, answer) => answer.send(`express ${request.body}`))
  const first = openDrain()
  const expressServer = createServer(app)
  cleanUp.push(() => first.kill())
  first.http('web', expressServer, { lingerMs: 200 })
  await once(expressServer.listen(listenOptions()), 'listening')
  await waitFor(() => (clients.tally.servers.get('express') ?? 0) > 50)

  const api = fastify()
  api.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  api.post('/', async (request) => `fastify ${request.body}`)
  await api.ready()
  const second = openDrain()
  cleanUp.push(() => second.kill())
  second.http('web', api.server, { lingerMs: 200 })
  await once(api.server.listen(listenOptions()), 'listening')
  expect(await first.start()).toMatchObject({ clean: true })
  await waitFor(() => (clients.tally.servers.get('fastify') ?? 0) > 50)

  const last = echoServer('last')
  const third = openDrain()
  cleanUp.push(() => third.kill())
  third.http('web', last)
  await once(last.listen(listenOptions()), 'listening')
  expect(await second.start()).toMatchObject({ clean: true })
  await waitFor(() => (clients.tally.servers.get('last') ?? 0) > 50)
  expect((await clients.stop()).errors).toEqual([])
  await api.close()
})
