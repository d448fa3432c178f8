// Versions of a server in one process: what the kernel does between two of them is done here with duplicates.
import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { afterEach } from 'vitest'
import { binding } from '../src/binding.js'
import { type Drain, openDrain } from '../src/drain/drain.js'
import { type DrainEnvironment, systemEnvironment } from '../src/drain/drain-environment.js'
import { connectRaw, type RawClient } from './raw-client.js'

export interface Generation {
  server: Server
  drain: Drain
  /** The server's side of its connections. */
  sockets: Set<Socket>
  /** Requests that the handler holds back, by path. */
  held: Map<string, () => void>
}

export const cleanUp: (() => void)[] = []

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step()
})

export async function generation(
  name: string,
  {
    handOver = true,
    options = {},
    handler,
    environment = systemEnvironment,
  }: {
    handOver?: boolean
    options?: ServerOptions
    handler?: RequestListener
    environment?: DrainEnvironment
  } = {},
): Promise<Generation> {
  const held = new Map<string, () => void>()
  const server = createServer(
    options,
    handler ??
      ((request, answer) => {
        request.resume()
        const end = () => answer.end(`${name}${request.url}`)
        if (request.url!.startsWith('/held')) held.set(request.url!, end)
        else request.on('end', end)
      }),
  )
  const drain = openDrain({ timeoutMs: 20_000, politeMs: 15_000, environment })
  cleanUp.push(() => drain.kill())
  drain.http('web', server, { handOver, lingerMs: 100 })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, drain, sockets, held }
}

/** The kernel's part of a hand-over, within one process. */
export function leadTo({ drain }: Generation, from: Generation): void {
  from.drain.connections.carrier = {
    async send(server, fds) {
      drain.connections.receive(
        server,
        fds.map((fd) => binding().duplicateFd(fd)),
      )
      return true
    },
  }
}

export async function client({ server, sockets }: Generation): Promise<RawClient> {
  const { size } = sockets
  const made = await connectRaw((server.address() as AddressInfo).port)
  cleanUp.push(() => made.close())
  await waitFor(() => sockets.size > size)
  return made
}
