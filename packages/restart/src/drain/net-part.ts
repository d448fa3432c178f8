import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { acceptedSockets } from './accepted-sockets.js'
import { Accepting, type Relisten } from './accepting.js'
import type { DrainPart, PolitePhase } from './drain-part.js'
import type { CutWork } from './drain-report.js'
import { Listeners } from './listeners.js'

interface NetPartOptions {
  readonly polite: ((socket: Socket) => void) | undefined
  readonly relisten: Relisten | undefined
}

/** The connections of a `net` or `tls` server, whose protocol only the application knows. */
export class NetPart implements DrainPart {
  readonly kind = 'net'
  readonly name: string
  readonly #polite: ((socket: Socket) => void) | undefined
  readonly #listeners = new Listeners()
  readonly #accepting: Accepting
  /** All, of which a TLS server has each handshake's too. */
  readonly #sockets = new Set<Socket>()
  /** Those that the application got. */
  readonly #served = new Set<Socket>()
  #phase: PolitePhase | undefined

  constructor(name: string, server: Server, options: NetPartOptions) {
    this.name = name
    this.#polite = options.polite
    this.#accepting = new Accepting(name, server, this.#listeners, options.relisten)
    const secure = server instanceof TlsServer
    this.#listeners.on(server, 'connection', (socket: Socket) => {
      this.#add(this.#sockets, socket)
      if (!secure) this.#serve(socket)
    })
    if (secure) this.#listeners.on(server, 'secureConnection', (socket: Socket) => this.#serve(socket))
    for (const socket of acceptedSockets(server)) {
      this.#add(this.#sockets, socket)
      if (!secure) this.#serve(socket)
    }
  }

  get open(): number {
    return this.#sockets.size
  }

  stopAccepting(): void {
    this.#accepting.stop()
  }

  resumeAccepting(): Promise<void> {
    return this.#accepting.resume()
  }

  start(phase: PolitePhase): void {
    this.#phase = phase
    for (const socket of [...this.#served]) this.#ask(socket)
  }

  hurry(): void {}

  force(): CutWork[] {
    const counts = { socket: 0, handshake: 0 }
    for (const [kind, sockets] of [
      ['socket', this.#served],
      ['handshake', this.#sockets],
    ] as const) {
      for (const socket of [...sockets]) {
        // A TLS socket takes the one under it along.
        if (!socket.destroyed) counts[kind]++
        socket.destroy()
      }
    }
    return Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => ({ kind, name: this.name, count }))
  }

  detach(): void {
    this.#listeners.detach()
  }

  #serve(socket: Socket): void {
    this.#add(this.#served, socket)
    // The application's own listener comes first.
    if (this.#phase !== undefined) setImmediate(() => this.#ask(socket))
  }

  #ask(socket: Socket): void {
    if (socket.destroyed) return
    try {
      this.#polite?.(socket)
    } catch (error) {
      this.#phase!.failed('polite', error)
    }
  }

  #add(sockets: Set<Socket>, socket: Socket): void {
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      this.#phase?.changed()
    })
  }
}
