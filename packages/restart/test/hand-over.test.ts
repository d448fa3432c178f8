import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DrainGenerations } from './drain-generations.js'
import { KeepAliveClients } from './keep-alive-clients.js'
import { connectRaw, get, type RawClient } from './raw-client.js'

let generations: DrainGenerations
const cleanUp: (() => unknown)[] = []

beforeEach(async () => {
  generations = new DrainGenerations()
  cleanUp.push(() => generations[Symbol.asyncDispose]())
  await generations.start()
})

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function client(): Promise<RawClient> {
  const made = await connectRaw(generations.port)
  cleanUp.push(() => made.close())
  return made
}

test('over six restarts under load no request fails and no client reconnects', {
  timeout: 90_000,
}, async () => {
  const clients = new KeepAliveClients(generations.port, 20, 3)
  cleanUp.push(() => clients.stop())
  const answersOf = (name: string) => clients.tally.servers.get(name) ?? 0
  await waitFor(() => answersOf('g0') > 60, { timeoutMs: 20_000 })
  const before = new Set(clients.tally.ports)
  for (let restart = 1; restart <= 6; restart++) {
    await generations.start()
    expect(await generations.drainOld()).toMatchObject({ clean: true, cut: [], handedOver: 20 })
    const { newest } = generations
    await waitFor(() => answersOf(newest) > 60, { timeoutMs: 20_000, message: `answers of ${newest}` })
  }
  const { errors, ports, servers } = await clients.stop()
  expect(errors).toEqual([])
  expect(ports).toEqual(before)
  expect(ports.size).toBe(20)
  expect(servers.size).toBe(7)
})

test('a large upload that is under way is finished where it began, and its connection follows', async () => {
  const uploader = await client()
  const size = 8 * 1024 * 1024
  const half = 'x'.repeat(size / 2)
  uploader.send(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${half}`)
  await waitFor(() => uploader.socket.writableLength === 0)
  await generations.start()
  const report = generations.drainOld()
  uploader.send(half)
  await uploader.sees(`g0 ${size}`)
  expect(await report).toMatchObject({ clean: true, handedOver: 1 })
  uploader.send('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
  await uploader.sees('g1 3')
})

test('server-sent events go on until they end, and their connection follows', async () => {
  const reader = await client()
  const idle = await client()
  reader.send(get('/events'))
  idle.send(get('/'))
  await reader.sees('data: g0')
  await idle.sees('g0')
  await generations.start()
  const report = generations.drainOld()
  await idle.reaches('g1')
  const { length } = reader.text
  await waitFor(() => reader.text.length > length + 100)
  expect(reader.text).not.toContain('end of')
  generations.send(0, 'end')
  await reader.sees('end of g0')
  expect(await report).toMatchObject({ clean: true, handedOver: 2 })
  reader.send(get('/events'))
  await reader.sees('data: g1')
})

test('a slow client keeps its half of a header and its answer, and follows', async () => {
  const loris = await client()
  loris.send('GET / HT')
  const neighbour = await client()
  neighbour.send(get('/'))
  await neighbour.sees('g0')
  await generations.start()
  const report = generations.drainOld()
  // Its connection has moved, so the sender has looked at the other one too.
  await neighbour.reaches('g1')
  loris.send('TP/1.1\r\nHo')
  loris.send('st: a\r\n\r\n')
  await loris.sees('g0')
  expect(await report).toMatchObject({ clean: true, handedOver: 2 })
  loris.send(get('/'))
  await loris.sees('g1')
})
