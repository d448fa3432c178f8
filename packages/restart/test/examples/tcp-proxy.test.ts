import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { ExampleRoom } from './example-room.js'

//   client ── tcp-proxy.mjs (version 0, version 1) ── origin, which says each line again
async function openOrigin(): Promise<Server> {
  const origin = createServer({ allowHalfOpen: true }, (socket) => {
    socket.pipe(socket).on('error', () => {})
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  return origin
}

async function through(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

async function echo(socket: Socket, text: string): Promise<void> {
  const came = once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
  socket.write(text)
  expect(String((await came)[0])).toBe(text)
}

test('tcp-proxy: long connections go on through the old version, new ones go through the next', async () => {
  await using room = new ExampleRoom()
  const origin = await openOrigin()
  const clients: Socket[] = []
  try {
    const upstream = `127.0.0.1:${(origin.address() as AddressInfo).port}`
    const first = await room.serve('tcp-proxy.mjs', '0', upstream, room.control)
    const port = await room.port()
    const early = await through(port)
    clients.push(early)
    await echo(early, 'before')
    await room.restart()
    const late = await through(port)
    clients.push(late)
    await echo(late, 'through the next version')
    await echo(early, 'through the old one')
    expect(await room.status()).toMatchObject({
      generation: 1,
      draining: [{ pid: first.pid, generation: 0 }],
    })

    early.end('the last words')
    expect(String((await once(early, 'data', { signal: AbortSignal.timeout(10_000) }))[0])).toBe(
      'the last words',
    )
    await first.waitForOutput('version 0 has ended: 1 connections, 0 of them cut')
    await waitFor(() => room.living().length === 1)
    await echo(late, 'still')
  } finally {
    for (const client of clients) client.destroy()
    origin.close()
  }
})

test('tcp-proxy: an origin that cannot be reached ends the connection of the client', async () => {
  await using room = new ExampleRoom()
  const origin = await openOrigin()
  const upstream = `127.0.0.1:${(origin.address() as AddressInfo).port}`
  origin.close()
  await room.serve('tcp-proxy.mjs', '0', upstream, room.control)
  const client = await through(await room.port())
  client.on('error', () => {})
  client.resume()
  await waitFor(() => client.closed)
})
