import type { Server } from 'node:http'
import { Socket } from 'node:net'

/**
 * Received connections that have not said anything here yet.
 *
 * The server gets one with its first byte. Until then `keepAliveTimeout` counts, as it did in the process that
 * sent it; had the server got it at once, `headersTimeout` would count from there, and a client that is merely
 * idle would be answered 408.
 */
export class SilentConnections {
  readonly #server: Server
  readonly #waiting = new Map<Socket, () => void>()
  #listened: boolean
  #passing = false

  constructor(server: Server) {
    this.#server = server
    this.#listened = server.listening
    server.once('listening', this.#listening)
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Takes the descriptor over; throws if it is no stream socket. */
  admit(fd: number): void {
    // As the server's own connections are: a client may end its side and still read the answer.
    const socket = new Socket({ fd, allowHalfOpen: true })
    const pass = () => {
      if (!this.#waiting.delete(socket)) return
      socket.removeListener('readable', readable)
      socket.removeListener('timeout', drop)
      socket.removeListener('close', closed)
      socket.removeListener('error', ignore)
      socket.setTimeout(0)
      this.#server.emit('connection', socket)
      // A socket that somebody awaited by `readable` does not flow by itself.
      socket.resume()
    }
    const readable = () => {
      if (socket.readableLength === 0) drop()
      else if (this.#listened) pass()
    }
    const drop = () => socket.destroy()
    const closed = () => this.#waiting.delete(socket)
    this.#waiting.set(socket, pass)
    socket.on('readable', readable)
    socket.on('timeout', drop)
    socket.on('close', closed)
    // A reset by an idle client concerns nobody.
    socket.on('error', ignore)
    socket.setTimeout(keepAliveMs(this.#server))
    if (this.#passing) pass()
  }

  /** The server gets all of them, and what comes later at once: a drain treats them like all others. */
  passAll(): void {
    this.#passing = true
    for (const pass of [...this.#waiting.values()]) pass()
  }

  close(): void {
    this.#server.removeListener('listening', this.#listening)
    for (const socket of [...this.#waiting.keys()]) socket.destroy()
  }

  // Before its first `listening` the server keeps no timeouts for connections.
  readonly #listening = (): void => {
    this.#listened = true
    for (const [socket, pass] of [...this.#waiting]) if (socket.readableLength > 0) pass()
  }
}

function ignore(): void {}

function keepAliveMs(server: Server): number {
  const { keepAliveTimeout, keepAliveTimeoutBuffer = 0 } = server as Server & {
    readonly keepAliveTimeoutBuffer?: number
  }
  return keepAliveTimeout === 0 ? 0 : keepAliveTimeout + keepAliveTimeoutBuffer
}
