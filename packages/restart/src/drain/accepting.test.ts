import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectRaw } from '../../test/raw-client.js'
import { openListenSocket } from '../descriptor/open-listen-socket.js'
import type { ListenedAddress } from './accepting.js'
import { openDrain } from './drain.js'

const cleanUp: (() => void)[] = []

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step()
})

test('two sockets of one name are told apart by where they listened, TCP or Unix', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restart-accepting-'))
  cleanUp.push(() => rmSync(folder, { recursive: true }))
  const addresses = [
    { port: 0, host: '127.0.0.1' },
    { port: 0, host: '127.0.0.1' },
    { path: join(folder, 'a') },
    { path: join(folder, 'b') },
  ]
  const sockets = await Promise.all(addresses.map((address) => openListenSocket('http', address)))
  const relistened: [string, ListenedAddress | undefined][] = []
  const drain = openDrain({
    relisten: async (name, server, before) => {
      relistened.push([name, before])
      const socket = sockets.find(({ address }) => JSON.stringify(address) === JSON.stringify(before))
      await once(server.listen(socket!.listenOptions()), 'listening')
    },
  })
  const servers: Server[] = []
  for (const [index, socket] of sockets.entries()) {
    const server = createHttpServer((_request, answer) => answer.end(`server ${index}`))
    cleanUp.push(() => {
      socket.close({ unlink: true })
      server.close()
    })
    drain.http(`http-${index}`, server)
    await once(server.listen(socket.listenOptions()), 'listening')
    servers.push(server)
  }
  drain.stopAccepting()
  await drain.resumeAccepting()
  expect(relistened).toEqual(sockets.map(({ address }, index) => [`http-${index}`, address]))
  expect(servers.every(({ listening }) => listening)).toBe(true)
  await drain.start()
})

test('a server that could not listen again is tried again by the next resume, not taken for one that does', async () => {
  const server = createServer()
  let refuse = true
  const drain = openDrain({
    relisten: async (_name, again, before) => {
      if (refuse) throw new Error('taken')
      await once(again.listen({ ...before! }), 'listening')
    },
  })
  cleanUp.push(() => drain.kill())
  drain.net('line', server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  drain.stopAccepting()
  await expect(drain.resumeAccepting()).rejects.toMatchObject({ code: 'ERR_RESTART_RELISTEN_FAILED' })
  refuse = false
  await drain.resumeAccepting()
  const client = await connectRaw(port)
  client.close()
  await drain.start()
})
