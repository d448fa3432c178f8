import { Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Those of `sockets` that the server's own parser holds for idle, without closing any.
 *
 * Idle is more than "no request is open": not one byte of the next request was read, and the body of the last
 * one was read to its end. Only the parser knows, and Node tells it by one public call, which destroys exactly
 * those sockets; so their `destroy` is covered while it runs. A connection on which nothing was ever read is
 * not among them (it has `bytesRead` 0).
 *
 * `sockets` must be all connections of the server: any other idle one is destroyed.
 */
export function idleSockets(server: object, sockets: Iterable<Duplex>): Set<Duplex> {
  const idle = new Set<Duplex>()
  const covered: [Duplex, PropertyDescriptor | undefined][] = []
  for (const socket of sockets) {
    covered.push([socket, Object.getOwnPropertyDescriptor(socket, 'destroy')])
    Object.defineProperty(socket, 'destroy', {
      configurable: true,
      value: () => {
        idle.add(socket)
        return socket
      },
    })
  }
  try {
    // From the prototype: frameworks replace it on the server, and HTTP/2 servers with HTTP/1.1 lack it.
    Server.prototype.closeIdleConnections.call(server as Server)
  } finally {
    for (const [socket, own] of covered) {
      if (own === undefined) delete (socket as { destroy?: unknown }).destroy
      else Object.defineProperty(socket, 'destroy', own)
    }
  }
  return idle
}
