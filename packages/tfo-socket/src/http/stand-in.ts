import { type ClientRequest, type ClientRequestArgs, Agent as NodeAgent } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export type SocketCreated = (error: Error | null, socket?: Duplex) => void

/** What the agents of Node have and their types leave out. */
interface SocketPool {
  readonly sockets: Record<string, Duplex[] | undefined>
  readonly requests: Record<string, ClientRequest[] | undefined>
  totalSocketCount: number
  getName(options: object): string
  createSocket(request: ClientRequest, options: object, created: SocketCreated): void
  /** Makes a connection for a request that waits, if one waits. */
  removeSocket(socket: Duplex, options: object): void
}

const { createSocket, removeSocket } = NodeAgent.prototype as unknown as SocketPool

/**
 * `createSocket` for an agent whose sockets exist only when they are connected.
 *
 * An agent of Node has a socket at once: `maxSockets` counts it, `timeout` starts with it, and destroying the agent or the
 * request destroys it. As long as there is none, another socket stands in, and `createConnection` is given a signal
 * that tells of its end.
 */
export function createSocketWithStandIn(
  agent: NodeAgent,
  request: ClientRequest,
  options: ClientRequestArgs,
  created: SocketCreated,
): void {
  const pool = agent as unknown as SocketPool
  const name = pool.getName(options)
  const queued = leaveQueue(pool, name, request)
  const ended = new AbortController()
  const abort = (error?: Error) => ended.abort(error ?? hangUp())
  const standIn = new Socket()
  const closed = () => abort()
  standIn.once('close', closed)
  if (options.timeout) standIn.setTimeout(options.timeout, () => request.emit('timeout'))
  prepend(pool.sockets, name, standIn)
  pool.totalSocketCount += 1

  // A request without a socket tells nobody that it was destroyed.
  const { destroy } = request
  request.destroy = (error) => {
    abort(error)
    return destroy.call(request, error)
  }

  createSocket.call(pool, request, { ...options, signal: ended.signal }, (error, socket) => {
    standIn.removeListener('close', closed)
    standIn.destroy()
    pool.totalSocketCount -= 1
    if (error) {
      created(error)
      removeSocket.call(pool, standIn, options)
      return
    }
    const sockets = pool.sockets[name]!
    sockets.splice(sockets.indexOf(standIn), 1)
    // Node takes the first that waits for the new socket.
    if (queued) prepend(pool.requests, name, request)
    created(null, socket)
  })
}

function prepend<T>(lists: Record<string, T[] | undefined>, name: string, item: T): void {
  const list = lists[name] ?? []
  list.unshift(item)
  lists[name] = list
}

/** What Node says of a request whose socket was destroyed without a reason. */
function hangUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

/** Node leaves a request in the queue while it makes a connection for it, and would make two for the same. */
function leaveQueue({ requests }: SocketPool, name: string, request: ClientRequest): boolean {
  const queue = requests[name]
  const place = queue?.indexOf(request) ?? -1
  if (queue === undefined || place < 0) return false
  queue.splice(place, 1)
  if (queue.length === 0) delete requests[name]
  return true
}
