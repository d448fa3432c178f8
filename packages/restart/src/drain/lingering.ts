import type { Duplex } from 'node:stream'
import { idleSockets } from '../connections/idle-sockets.js'
import type { DrainEnvironment } from './drain-environment.js'
import type { HttpConnection, HttpConnections } from './http-connections.js'

/**
 * Closes connections that have been silent for a while, and none earlier.
 *
 * To close an idle connection while its next request is under way is a reset for the client. So it stays open
 * until its client was told `Connection: close` with an answer, or until it said nothing for `lingerMs`: what is
 * left then is the time of flight of one packet.
 */
export class Lingering {
  readonly #server: object
  readonly #connections: HttpConnections
  readonly #environment: DrainEnvironment
  readonly #spared: (connection: HttpConnection) => boolean
  #lingerMs: number
  #cancel: (() => void) | undefined

  constructor(
    server: object,
    connections: HttpConnections,
    environment: DrainEnvironment,
    lingerMs: number,
    /** Connections that are not to be closed for now. */
    spared: (connection: HttpConnection) => boolean,
  ) {
    this.#server = server
    this.#connections = connections
    this.#environment = environment
    this.#lingerMs = lingerMs
    this.#spared = spared
  }

  /** From now on this connection is listened to. */
  begin(connection: HttpConnection): void {
    connection.quietSinceMs = this.#environment.now()
    connection.quietBytes = connection.socket.bytesRead
    this.#arm(this.#lingerMs)
  }

  hurry(): void {
    this.#lingerMs = 0
    this.#cancel?.()
    this.#cancel = undefined
    this.#arm(0)
  }

  stop(): void {
    this.#cancel?.()
    // Keeps a late `begin` from starting it anew.
    this.#cancel = () => {}
  }

  #arm(delayMs: number): void {
    // setImmediate: what the kernel has for us is read before the look, so it is not taken for silence.
    this.#cancel ??= this.#environment.after(delayMs, () => setImmediate(() => this.#sweep()))
  }

  #sweep(): void {
    this.#cancel = undefined
    const now = this.#environment.now()
    const silent: HttpConnection[] = []
    let next = Number.POSITIVE_INFINITY
    for (const connection of this.#connections) {
      if (!mayClose(connection) || this.#spared(connection)) continue
      if (connection.socket.bytesRead !== connection.quietBytes) {
        connection.quietSinceMs = now
        connection.quietBytes = connection.socket.bytesRead
      }
      const left = connection.quietSinceMs + this.#lingerMs - now
      if (left <= 0) silent.push(connection)
      else next = Math.min(next, left)
    }
    if (silent.length > 0) next = Math.min(next, this.#close(silent))
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(next, 1))
  }

  /** Returns after how long to look again. */
  #close(silent: HttpConnection[]): number {
    const idle: Set<Duplex> = idleSockets(this.#server, this.#connections.sockets())
    let again = Number.POSITIVE_INFINITY
    for (const { socket, state } of silent) {
      if (state === 'handshake' || socket.bytesRead === 0 || idle.has(socket)) socket.destroy()
      // Half a request: the server's own headersTimeout and requestTimeout bound it.
      else again = Math.max(this.#lingerMs, 100)
    }
    return again
  }
}

function mayClose({ state, answers, moving, socket }: HttpConnection): boolean {
  return state !== 'upgraded' && answers.size === 0 && !moving && !socket.destroyed
}
