// UDP sockets, peers and successions within one process, for what needs no second one.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { binding } from '../../src/binding.js'
import type { UdpSuccession } from '../../src/udp/udp-succession.js'

export interface TestSocket {
  fd: number
  port: number
  [Symbol.dispose](): void
}

export function bindTestSocket(host = '127.0.0.1'): TestSocket {
  const fd = binding().bindUdp(host, 0, 0)
  const { local } = binding().describeFd(fd) as { local: { port: number } }
  return { fd, port: local.port, [Symbol.dispose]: () => binding().closeFd(fd) }
}

/** What a process that was started with them would have. */
export function inherit(succession: UdpSuccession): number[] {
  const fds = succession.fds.map((fd) => binding().duplicateFd(fd))
  succession.passed()
  return fds
}

export interface TestPeer {
  readonly heard: string[]
  send(message: string | Buffer): void
  ask(message: string | Buffer): Promise<string>
  [Symbol.dispose](): void
}

export async function connectPeer(port: number, host = '127.0.0.1'): Promise<TestPeer> {
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const heard: string[] = []
  socket.on('message', (message) => heard.push(String(message)))
  // Answers of another address than this are not heard.
  socket.connect(port, host)
  await once(socket, 'connect')
  const send = (message: string | Buffer) => socket.send(message)
  return {
    heard,
    send,
    async ask(message) {
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(5000) })
      send(message)
      return String((await answer)[0])
    },
    [Symbol.dispose]: () => socket.close(),
  }
}
