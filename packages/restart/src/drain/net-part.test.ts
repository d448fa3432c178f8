import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { waitFor } from '@slatfatf/netns'
import { afterEach, expect, test } from 'vitest'
import { certificate } from '../../test/certificate.js'
import { ManualClock } from '../../test/manual-clock.js'
import { connectRaw, RawClient } from '../../test/raw-client.js'
import { type Drain, openDrain } from './drain.js'

const cleanUp: (() => void)[] = []

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step()
})

async function opened(
  server: Server,
  polite?: (socket: Socket) => void,
): Promise<{ drain: Drain; clock: ManualClock; port: number }> {
  const clock = new ManualClock()
  const drain = openDrain({ timeoutMs: 10_000, politeMs: 8_000, environment: clock })
  cleanUp.push(() => drain.kill())
  drain.net('line', server, { polite })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { drain, clock, port: (server.address() as AddressInfo).port }
}

async function connected(drain: Drain, client: RawClient): Promise<RawClient> {
  cleanUp.push(() => client.close())
  await waitFor(() => drain.status().open.length > 0)
  return client
}

test('each client is told in the words of its protocol', async () => {
  const { drain, port } = await opened(createServer(), (socket) => socket.end('bye\n'))
  const client = await connected(drain, await connectRaw(port))
  const report = drain.start()
  await client.sees('bye')
  expect(await report).toMatchObject({ clean: true })
})

test('without words the drain waits for the clients, and cuts them at its bound', async () => {
  const { drain, clock, port } = await opened(createServer())
  const patient = await connected(drain, await connectRaw(port))
  const leaving = await connectRaw(port)
  await waitFor(() => drain.status().open[0]!.count === 2)
  const report = drain.start()
  leaving.close()
  await waitFor(() => drain.status().open[0]!.count === 1)
  clock.advance(8_000)
  expect(await report).toMatchObject({ clean: false, cut: [{ kind: 'socket', name: 'line', count: 1 }] })
  expect(await patient.ended()).toBe('end')
})

test('what polite throws is reported, and the others are still told', async () => {
  let calls = 0
  const { drain, port } = await opened(createServer(), (socket) => {
    socket.end('bye\n')
    if (calls++ === 0) throw new Error('first')
  })
  const clients = [await connectRaw(port), await connectRaw(port)]
  for (const client of clients) cleanUp.push(() => client.close())
  await waitFor(() => drain.status().open[0]?.count === 2)
  const report = drain.start()
  for (const client of clients) await client.sees('bye')
  expect(await report).toMatchObject({
    clean: false,
    cut: [],
    failures: [{ name: 'line', phase: 'polite', error: new Error('first') }],
  })
})

test('a TLS client is told over its encrypted socket; an unfinished handshake is cut and counted', async () => {
  const { drain, clock, port } = await opened(createTlsServer(certificate()), (socket) => socket.end('bye\n'))
  const secure = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(secure, 'secureConnect')
  const client = await connected(drain, new RawClient(secure))
  await connected(drain, await connectRaw(port))
  await waitFor(() => drain.status().open[0]?.count === 2)
  const report = drain.start()
  await client.sees('bye')
  await waitFor(() => drain.status().open[0]?.count === 1)
  clock.advance(8_000)
  expect(await report).toMatchObject({ cut: [{ kind: 'handshake', name: 'line', count: 1 }] })
})
