import type { Server as NetServer, Socket } from 'node:net'

/**
 * The connections that a server has accepted so far.
 *
 * Node tells nobody who did not listen from the beginning. A server that is registered a moment after it began to listen
 * has some all the same, so they are looked up where Node keeps them; where that is gone, there are none.
 */
export function acceptedSockets(server: NetServer): Socket[] {
  const { _getActiveHandles: handles } = process as { _getActiveHandles?: unknown }
  if (typeof handles !== 'function') return []
  const all: unknown = handles.call(process)
  return Array.isArray(all) ? all.filter((handle) => isSocket(handle) && serverOf(handle) === server) : []
}

/** Those of an HTTP/1.1 server after their TLS handshakes, without those that were upgraded. */
export function acceptedHttpSockets(server: NetServer): Socket[] {
  const list = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'http.server.connections',
  )
  const connections = list && (server as unknown as Record<symbol, { all?: () => unknown } | undefined>)[list]
  const parsers: unknown = typeof connections?.all === 'function' ? connections.all() : []
  if (!Array.isArray(parsers)) return []
  return parsers.map((parser: { socket?: unknown } | null) => parser?.socket).filter(isSocket)
}

function serverOf(socket: Socket): unknown {
  return (socket as Socket & { readonly server?: unknown }).server
}

function isSocket(value: unknown): value is Socket {
  const { destroyed, bytesRead } = (value ?? {}) as Partial<Socket>
  return typeof bytesRead === 'number' && destroyed === false
}
