import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { waitFor } from '@slatfatf/netns'
import { afterEach, expect, test } from 'vitest'
import { certificate } from '../../test/certificate.js'
import { ManualClock } from '../../test/manual-clock.js'
import { connectRaw, get, RawClient } from '../../test/raw-client.js'
import { openDrain } from './drain.js'

const cleanUp: (() => void)[] = []

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step()
})

async function listening(server: Server, secure = false): Promise<{ port: number; accepted: () => number }> {
  let accepted = 0
  server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
    accepted++
    cleanUp.push(() => socket.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanUp.push(() => server.close())
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted }
}

function opened() {
  const clock = new ManualClock()
  const drain = openDrain({ timeoutMs: 10_000, politeMs: 8_000, environment: clock })
  cleanUp.push(() => drain.kill())
  return { clock, drain }
}

test.each(['http', 'https'])(
  '%s: connections from before the server was registered are drained, not forgotten as if all were done',
  async (kind) => {
    const asked: ServerResponse[] = []
    const handler: RequestListener = (request, answer) => {
      if (request.url === '/held') asked.push(answer)
      else answer.end(`done ${request.url}`)
    }
    const secure = kind === 'https'
    const server = secure ? createHttpsServer(certificate(), handler) : createHttpServer(handler)
    const { port, accepted } = await listening(server, secure)
    const client = async () => {
      const { length } = cleanUp
      const count = accepted()
      const made = secure
        ? new RawClient(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }))
        : await connectRaw(port)
      cleanUp.splice(length, 0, () => made.close())
      await waitFor(() => accepted() > count)
      return made
    }
    const [idle, busy] = [await client(), await client()]
    idle.send(get('/1'))
    await idle.sees('done /1')
    busy.send(get('/held'))
    await waitFor(() => asked.length === 1)
    const { drain, clock } = opened()
    drain.http('web', server, { lingerMs: 100 })
    expect(drain.status().open).toEqual([{ kind: 'http', name: 'web', count: 2 }])
    const report = drain.start()
    idle.send(get('/2'))
    await idle.sees('done /2')
    expect(idle.text).toContain('Connection: close')
    clock.advance(8_000)
    expect(await report).toMatchObject({ clean: false, cut: [{ kind: 'request', name: 'web', count: 1 }] })
  },
)

test('net: connections from before the server was registered are asked to go', async () => {
  const server = createServer()
  const { port, accepted } = await listening(server)
  const early = await connectRaw(port)
  cleanUp.push(() => early.close())
  await waitFor(() => accepted() === 1)
  const { drain } = opened()
  drain.net('line', server, { polite: (socket) => socket.end('bye\n') })
  const report = drain.start()
  await early.sees('bye')
  expect(await report).toMatchObject({ clean: true })
})
