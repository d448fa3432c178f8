import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { cleanUp, client, type Generation, generation, leadTo } from '../../test/in-process-generations.js'
import { get } from '../../test/raw-client.js'
import { binding } from '../binding.js'
import { openDrain } from '../drain/drain.js'

test('an idle connection is served on by the successor, and its client notices nothing', async () => {
  const old = await generation('old')
  const next = await generation('next')
  leadTo(next, old)
  const idle = await client(old)
  idle.send(get('/1'))
  await idle.sees('old/1')
  expect(await old.drain.start()).toMatchObject({ clean: true, handedOver: 1, cut: [] })
  idle.send(get('/2'))
  await idle.sees('next/2')
  idle.send(get('/3'))
  await idle.sees('next/3')
  expect(idle.text).not.toContain('Connection: close')
  expect(idle.ending).toBeUndefined()
})

test('a connection that has never said anything goes too, through any number of generations', async () => {
  const generations: Generation[] = []
  for (const name of ['a', 'b', 'c', 'd']) generations.push(await generation(name))
  const quiet = await client(generations[0]!)
  for (const [index, next] of generations.slice(1).entries()) {
    leadTo(next, generations[index]!)
    expect(await generations[index]!.drain.start()).toMatchObject({ clean: true, handedOver: 1 })
  }
  quiet.send(get('/1'))
  await quiet.sees('d/1')
})

test('a connection follows once its request is done, and the answer does not say close', async () => {
  const old = await generation('old')
  const next = await generation('next')
  leadTo(next, old)
  const busy = await client(old)
  busy.send(get('/held'))
  await waitFor(() => old.held.has('/held'))
  const report = old.drain.start()
  old.held.get('/held')!()
  await busy.sees('old/held')
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
  busy.send(get('/2'))
  await busy.sees('next/2')
  expect(busy.text).not.toContain('Connection: close')
})

test('requests that were pipelined are answered by the process that read them', async () => {
  const old = await generation('old')
  const next = await generation('next')
  leadTo(next, old)
  const eager = await client(old)
  eager.send(get('/held/1') + get('/held/2'))
  await waitFor(() => old.held.size === 2)
  const report = old.drain.start()
  eager.send(get('/held/3'))
  await waitFor(() => old.held.size === 3)
  for (const end of old.held.values()) end()
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
  eager.send(get('/4'))
  await eager.sees('next/4')
  for (const path of ['/held/1', '/held/2', '/held/3']) expect(eager.text).toContain(`old${path}`)
})

test.each([
  ['one byte of a first request', '', 'G', 'ET /x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['half the headers of the next request', get('/1'), 'GET /x HTTP/1.1\r\nHo', 'st: a\r\n\r\n'],
  ['half a body', '', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc', 'def'],
])('a client of which %s was read stays where the bytes are', async (_what, before, half, rest) => {
  const old = await generation('old')
  const next = await generation('next')
  leadTo(next, old)
  const slow = await client(old)
  if (before !== '') {
    slow.send(before)
    await slow.sees('old/1')
  }
  slow.send(half)
  const [socket] = old.sockets
  await waitFor(() => socket!.bytesRead === before.length + half.length)
  const report = old.drain.start()
  // The sender looks in the next turn of the loop.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  slow.send(rest)
  await slow.sees('old/x')
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
  slow.send(get('/2'))
  await slow.sees('next/2')
})

test('an upload that goes on after its early answer is read to its end before the connection goes', async () => {
  const old = await generation('old', { handler: (_request, answer) => void answer.end('early') })
  const next = await generation('next')
  leadTo(next, old)
  const uploader = await client(old)
  uploader.send('POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
  await uploader.sees('early')
  const report = old.drain.start()
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(old.drain.status().open).toHaveLength(1)
  uploader.send('def')
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
  uploader.send(get('/2'))
  await uploader.sees('next/2')
})

test('what arrives while the descriptor travels is answered by the successor', async () => {
  const old = await generation('old')
  const next = await generation('next')
  const idle = await client(old)
  idle.send(get('/1'))
  await idle.sees('old/1')
  let arrived: () => void = () => {}
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve
  })
  old.drain.connections.carrier = {
    async send(server, fds) {
      await arrival
      next.drain.connections.receive(
        server,
        fds.map((fd) => binding().duplicateFd(fd)),
      )
      return true
    },
  }
  const report = old.drain.start()
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  idle.send(get('/2'))
  // Time for the old process to read it, if it did.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  arrived()
  await idle.sees('next/2')
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
})

test.each([
  ['says no', async () => false],
  ['fails', async () => Promise.reject(new Error('the successor is gone'))],
])(
  'a carrier that %s leaves the connection here, readable, to be told Connection: close',
  async (_what, send) => {
    const old = await generation('old')
    let asked = 0
    old.drain.connections.carrier = {
      send: () => {
        asked++
        return send()
      },
    }
    const idle = await client(old)
    idle.send(get('/1'))
    await idle.sees('old/1')
    const report = old.drain.start()
    await waitFor(() => asked === 1)
    idle.send(get('/2'))
    await idle.sees('old/2')
    expect(idle.text).toContain('Connection: close')
    expect(await report).toMatchObject({ clean: true, handedOver: 0 })
    expect(await idle.ended()).toBe('end')
  },
)

test('no descriptor is left behind, whether the hand-over works or not', async () => {
  const { open } = binding().descriptorLimit()
  const old = await generation('old')
  const next = await generation('next')
  let refuse = false
  old.drain.connections.carrier = {
    async send(server, fds) {
      if (refuse) return false
      refuse = true
      next.drain.connections.receive(
        server,
        fds.map((fd) => binding().duplicateFd(fd)),
      )
      return true
    },
  }
  const idle = await client(old)
  const busy = await client(old)
  busy.send(get('/held'))
  await waitFor(() => old.held.has('/held'))
  const report = old.drain.start()
  await waitFor(() => refuse)
  old.held.get('/held')!()
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
  idle.close()
  busy.close()
  await next.drain.start()
  await waitFor(() => binding().descriptorLimit().open === open)
})

test('keepAliveTimeout goes on in the successor', async () => {
  const old = await generation('old')
  const next = await generation('next', { options: { keepAliveTimeout: 50 } })
  leadTo(next, old)
  const idle = await client(old)
  await old.drain.start()
  expect(await idle.ended()).toBe('end')
  expect(idle.text).toBe('')
})

test('keepAliveTimeout does not cut a long request that came over a received connection', async () => {
  const old = await generation('old')
  const next = await generation('next', { options: { keepAliveTimeout: 500 } })
  leadTo(next, old)
  const patient = await client(old)
  const idle = await client(old)
  await old.drain.start()
  patient.send(get('/held'))
  await waitFor(() => next.held.has('/held'))
  // Their timeouts began together.
  expect(await idle.ended()).toBe('end')
  next.held.get('/held')!()
  await patient.sees('next/held')
})

test('headersTimeout begins with the first byte, not with the hand-over', async () => {
  const old = await generation('old')
  const next = await generation('next', {
    options: { headersTimeout: 100, requestTimeout: 0, keepAliveTimeout: 0, connectionsCheckingInterval: 20 },
  })
  leadTo(next, old)
  const idle = await client(old)
  const loris = await client(old)
  expect(await old.drain.start()).toMatchObject({ handedOver: 2 })
  loris.send('GET / HTT')
  await loris.sees('408 Request Timeout')
  // It had at least as long.
  expect(idle.ending).toBeUndefined()
  idle.send(get('/1'))
  await idle.sees('next/1')
})

test('connections wait for a server that is registered later, and for one that listens later', async () => {
  const old = await generation('old')
  const idle = await client(old)
  const drain = openDrain()
  cleanUp.push(() => drain.kill())
  old.drain.connections.carrier = {
    async send(server, fds) {
      drain.connections.receive(
        server,
        fds.map((fd) => binding().duplicateFd(fd)),
      )
      return true
    },
  }
  await old.drain.start()
  idle.send(get('/1'))
  const late = createServer((_request, answer) => answer.end('late'))
  drain.http('web', late, { handOver: true })
  await waitFor(() => drain.status().open[0]?.count === 1)
  expect(idle.text).toBe('')
  await once(late.listen(0, '127.0.0.1'), 'listening')
  await idle.sees('late')
})

test('a connection that nobody claims is closed when the drain ends', async () => {
  const old = await generation('old')
  const idle = await client(old)
  const drain = openDrain()
  old.drain.connections.carrier = {
    async send(_server, fds) {
      drain.connections.receive(
        'other',
        fds.map((fd) => binding().duplicateFd(fd)),
      )
      return true
    },
  }
  await old.drain.start()
  await drain.start()
  expect(await idle.ended()).toBe('end')
})

test('connections that come after the drain are not taken, instead of waiting ten seconds for nobody', async () => {
  const old = await generation('old')
  const next = await generation('next')
  expect(next.drain.connections.serves('web')).toBe(true)
  expect(next.drain.connections.serves('api')).toBe(false)
  await next.drain.start()
  let refusal: unknown
  old.drain.connections.carrier = {
    async send(server, fds) {
      try {
        next.drain.connections.receive(server, fds)
      } catch (error) {
        refusal = error
      }
      return refusal === undefined
    },
  }
  const idle = await client(old)
  const report = old.drain.start()
  await waitFor(() => refusal)
  expect(refusal).toMatchObject({ code: 'ERR_RESTART_STOPPING' })
  idle.send(get('/1'))
  await idle.sees('old/1')
  expect(idle.text).toContain('Connection: close')
  expect(await report).toMatchObject({ clean: true, handedOver: 0 })
})

test('a client that goes while nobody has read from it yet leaves nothing behind', async () => {
  const old = await generation('old')
  const next = await generation('next')
  leadTo(next, old)
  const idle = await client(old)
  await old.drain.start()
  idle.close()
  await waitFor(() => next.drain.status().open.length === 0)
})

test('hand-over of TLS connections is refused in words', () => {
  const drain = openDrain()
  expect(() => drain.http('web', createHttpsServer(), { handOver: true })).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_HAND_OVER_TLS' }),
  )
})
