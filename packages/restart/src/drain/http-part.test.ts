import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.js'
import { connectRaw, get, type RawClient } from '../../test/raw-client.js'
import { type Drain, openDrain } from './drain.js'

let server: Server
let drain: Drain
let clock: ManualClock
/** Answers that are not given yet, by path. */
const asked = new Map<string, ServerResponse>()
const clients: RawClient[] = []
/** The server's side of each connection. */
const sockets = new Set<Socket>()

beforeEach(async () => {
  clock = new ManualClock()
  asked.clear()
  sockets.clear()
  server = createServer((request, answer) => {
    request.resume()
    if (request.url!.startsWith('/held')) asked.set(request.url!, answer)
    else answer.end(`done ${request.url}`)
  })
  drain = openDrain({ timeoutMs: 10_000, politeMs: 8_000, environment: clock })
  drain.http('web', server, { lingerMs: 100 })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
})

afterEach(() => {
  drain.kill()
  for (const client of clients.splice(0)) client.close()
})

async function client(): Promise<RawClient> {
  const known = drain.status().open[0]?.count ?? 0
  const made = await connectRaw((server.address() as AddressInfo).port)
  clients.push(made)
  await waitFor(() => (drain.status().open[0]?.count ?? 0) > known)
  return made
}

/** A client whose connection is idle after one request. */
async function idleClient(): Promise<RawClient> {
  const made = await client()
  made.send(get('/first'))
  await made.sees('done /first')
  return made
}

/** Lets `ms` pass, and the loop turn after it. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('an answer whose headers are not sent yet tells its client to close', async () => {
  const busy = await client()
  busy.send(get('/held'))
  await waitFor(() => asked.has('/held'))
  const report = drain.start({ reason: 'test' })
  asked.get('/held')!.end('at last')
  await busy.sees('at last')
  expect(busy.text).toContain('Connection: close')
  expect(await report).toMatchObject({ clean: true, cut: [], reason: 'test' })
  expect(await busy.ended()).toBe('end')
})

test('an idle connection stays open until it was silent for the whole lingerMs', async () => {
  const idle = await idleClient()
  const report = drain.start()
  await pass(99)
  expect(drain.status().open).toEqual([{ kind: 'http', name: 'web', count: 1 }])
  await pass(1)
  expect(await report).toMatchObject({ clean: true })
  expect(await idle.ended()).toBe('end')
})

test('a request that comes while the server lingers is answered, with Connection: close', async () => {
  const idle = await idleClient()
  const report = drain.start()
  await pass(99)
  idle.send(get('/second'))
  await idle.sees('done /second')
  expect(idle.text).toContain('Connection: close')
  expect(await report).toMatchObject({ clean: true })
})

test('a request that the kernel holds when the silence ends is answered, not reset', async () => {
  const idle = await idleClient()
  const report = drain.start()
  await pass(50)
  // The timer runs before the loop has read anything.
  idle.send(get('/second'))
  await pass(50)
  await idle.sees('done /second')
  expect(idle.text).toContain('Connection: close')
  expect(await report).toMatchObject({ clean: true })
})

test('with pipelined requests only the last answer says close, and all arrive', async () => {
  const eager = await client()
  eager.send(get('/held/1') + get('/held/2'))
  await waitFor(() => asked.size === 2)
  const report = drain.start()
  eager.send(get('/held/3'))
  await waitFor(() => asked.size === 3)
  for (const answer of asked.values()) answer.end('!')
  expect(await report).toMatchObject({ clean: true })
  expect(await eager.ended()).toBe('end')
  expect(eager.text.match(/HTTP\/1.1 200/g)).toHaveLength(3)
  expect(eager.text.match(/Connection: close/g)).toHaveLength(1)
  expect(eager.text.lastIndexOf('Connection: close')).toBeGreaterThan(eager.text.lastIndexOf('200 OK'))
})

test('an answer that has begun goes on, and its connection lingers after it', async () => {
  const reader = await client()
  reader.send(get('/held'))
  await waitFor(() => asked.has('/held'))
  const answer = asked.get('/held')!
  answer.write('begun')
  await reader.sees('begun')
  const report = drain.start()
  await pass(500)
  answer.end('ended')
  await reader.sees('ended')
  // The two bounds, and the lingering that began when the answer was done.
  await waitFor(() => clock.waiting === 3)
  reader.send(get('/second'))
  await reader.sees('done /second')
  expect(reader.text).toContain('Connection: close')
  expect(await report).toMatchObject({ clean: true })
})

test('a connection that has never said anything does not hold the drain', async () => {
  const silent = await client()
  const report = drain.start()
  await pass(100)
  expect(await report).toMatchObject({ clean: true })
  expect(await silent.ended()).toBe('end')
})

test('half a request is not silence: it holds the drain until the forced phase, and is reported', async () => {
  const slow = await idleClient()
  const loris = await client()
  slow.send('GET /second HTT')
  loris.send('G')
  const held = await client()
  held.send(get('/held'))
  await waitFor(() => asked.has('/held'))
  await waitFor(
    () => bytesRead() === get('/first').length + 'GET /second HTT'.length + 1 + get('/held').length,
  )
  const report = drain.start()
  await pass(7_999)
  expect(drain.status().open).toEqual([{ kind: 'http', name: 'web', count: 3 }])
  await pass(1)
  const { clean, cut, phases } = await report
  expect(clean).toBe(false)
  expect(cut).toEqual([
    { kind: 'request', name: 'web', count: 1 },
    { kind: 'connection', name: 'web', count: 2 },
  ])
  expect(phases.map(({ name }) => name)).toEqual(['stop', 'polite', 'forced'])
})

test('a half request that becomes whole while the server lingers is served', async () => {
  const slow = await idleClient()
  slow.send('GET /second HTT')
  const report = drain.start()
  await pass(1_000)
  slow.send('P/1.1\r\nHost: a\r\n\r\n')
  await slow.sees('done /second')
  expect(await report).toMatchObject({ clean: true })
})

test('an answer that came before its request was read to the end does not close the upload', async () => {
  server.removeAllListeners('request')
  server.on('request', (_request, answer) => answer.end('early'))
  drain = reopened()
  const uploader = await client()
  uploader.send('POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
  await uploader.sees('early')
  const report = drain.start()
  await pass(1_000)
  expect(drain.status().open).toHaveLength(1)
  uploader.send('def')
  await waitFor(async () => {
    await pass(100)
    return drain.status().open.length === 0
  })
  expect(await report).toMatchObject({ clean: true })
})

test('upgraded connections do not hold the drain for ever, and are reported', async () => {
  server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
  const upgraded = await client()
  upgraded.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  await upgraded.sees('101')
  const report = drain.start()
  await pass(8_000)
  expect(await report).toMatchObject({ clean: false, cut: [{ kind: 'upgraded', name: 'web', count: 1 }] })
})

test('watching for upgrades does not keep Node from answering those that nobody handles', async () => {
  const optimist = await client()
  optimist.send('GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  await optimist.sees('done /plain')
  const handler = () => {}
  server.on('upgrade', handler)
  expect(server.listenerCount('upgrade')).toBe(2)
  server.removeListener('upgrade', handler)
  expect(server.listenerCount('upgrade')).toBe(0)
})

test('shorten ends lingering at once, and what is busy after its time', async () => {
  const idle = await idleClient()
  const busy = await client()
  busy.send(get('/held'))
  await waitFor(() => asked.has('/held'))
  const report = drain.start()
  drain.shorten(1_000)
  await pass(0)
  expect(await idle.ended()).toBe('end')
  await pass(1_000)
  expect(await report).toMatchObject({ cut: [{ kind: 'request', name: 'web', count: 1 }] })
})

test('kill cuts at once, even with a drain that has not started', async () => {
  const busy = await client()
  busy.send(get('/held'))
  await waitFor(() => asked.has('/held'))
  drain.kill()
  const report = await drain.start()
  expect(report).toMatchObject({ reason: 'kill', cut: [{ kind: 'request', name: 'web', count: 1 }] })
})

test('connections are accepted again after resumeAccepting, and kept ones stayed open all along', async () => {
  const idle = await idleClient()
  const { port } = server.address() as AddressInfo
  drain.stopAccepting()
  await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  idle.send(get('/second'))
  await idle.sees('done /second')
  await drain.resumeAccepting()
  const late = await connectRaw(port)
  clients.push(late)
  late.send(get('/third'))
  await late.sees('done /third')
  expect(idle.text).not.toContain('Connection: close')
  expect(idle.ending).toBeUndefined()
  void drain.start()
  await expect(drain.resumeAccepting()).rejects.toMatchObject({ code: 'ERR_RESTART_DRAIN_STARTED' })
})

test('an address that is taken meanwhile is an error with a hint', async () => {
  const { port } = server.address() as AddressInfo
  drain.stopAccepting()
  const thief = createServer()
  await once(thief.listen(port, '127.0.0.1'), 'listening')
  await expect(drain.resumeAccepting()).rejects.toMatchObject({ code: 'ERR_RESTART_RELISTEN_FAILED' })
  thief.close()
})

test('a server that begins to listen after stopAccepting does not accept', async () => {
  const late = createServer()
  drain.http('late', late)
  drain.stopAccepting()
  await once(late.listen(0, '127.0.0.1'), 'listening')
  expect(late.listening).toBe(false)
})

function bytesRead(): number {
  return [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0)
}

function reopened(): Drain {
  const fresh = openDrain({ timeoutMs: 10_000, politeMs: 8_000, environment: clock })
  fresh.http('web', server, { lingerMs: 100 })
  return fresh
}
