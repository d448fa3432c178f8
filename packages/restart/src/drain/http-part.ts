import type { Server as HttpServer } from 'node:http'
import type { Server as NetServer } from 'node:net'
import { ConnectionSender } from '../connections/connection-sender.js'
import { idleSockets } from '../connections/idle-sockets.js'
import { SilentConnections } from '../connections/silent-connections.js'
import { Accepting, type Relisten } from './accepting.js'
import { tellToClose } from './close-header.js'
import type { DrainPart, PolitePhase } from './drain-part.js'
import type { CutWork } from './drain-report.js'
import { type HttpConnection, HttpConnections, type HttpObserver } from './http-connections.js'
import { Lingering } from './lingering.js'
import { Listeners } from './listeners.js'

// A successor that is silent for so long does not turn its loop.
const patienceMs = 5_000

interface HttpPartOptions {
  readonly lingerMs: number
  readonly handOver: boolean
  readonly relisten: Relisten | undefined
}

/** The HTTP/1.1 connections of a server. */
export class HttpPart implements DrainPart, HttpObserver {
  readonly kind: string = 'http'
  readonly name: string
  readonly #server: NetServer
  readonly #options: HttpPartOptions
  readonly #listeners = new Listeners()
  readonly #accepting: Accepting
  readonly #connections: HttpConnections
  readonly #silent: SilentConnections | undefined
  #phase: PolitePhase | undefined
  #lingering: Lingering | undefined
  #sender: ConnectionSender<HttpConnection> | undefined
  #handedOver = 0

  constructor(name: string, server: NetServer, options: HttpPartOptions) {
    this.name = name
    this.#server = server
    this.#options = options
    this.#accepting = new Accepting(name, server, this.#listeners, options.relisten)
    this.#connections = new HttpConnections(server, this.#listeners, this)
    if (options.handOver) this.#silent = new SilentConnections(server as HttpServer)
  }

  get open(): number {
    return this.#connections.size + (this.#silent?.size ?? 0)
  }

  get handedOver(): number {
    return this.#handedOver
  }

  /** A connection from the predecessor. */
  admit(fd: number): void {
    this.#silent!.admit(fd)
  }

  stopAccepting(): void {
    this.#accepting.stop()
  }

  resumeAccepting(): Promise<void> {
    return this.#accepting.resume()
  }

  start(phase: PolitePhase): void {
    const { environment, carrier, politeMs } = phase
    this.#silent?.passAll()
    this.#phase = phase
    // Half the time at most: who is told at the end of it still needs time for an answer.
    const lingerMs = Math.min(this.#options.lingerMs, politeMs / 2)
    this.#lingering = new Lingering(this.#server, this.#connections, environment, lingerMs, (connection) =>
      this.#moves(connection),
    )
    if (carrier !== undefined && this.#options.handOver) this.#sender = this.#newSender(phase, carrier)
    for (const connection of this.#connections) this.#drain(connection)
    this.#sender?.poke()
  }

  hurry(): void {
    this.#lingering?.hurry()
  }

  force(): CutWork[] {
    this.#lingering?.stop()
    this.#sender?.end()
    this.#silent?.close()
    const idle = idleSockets(this.#server, this.#connections.sockets())
    const counts = { request: 0, connection: 0, handshake: 0, upgraded: 0, unconfirmed: 0 }
    for (const connection of [...this.#connections]) {
      const { socket, state, answers, moving } = connection
      if (socket.destroyed) continue
      const untouched = idle.has(socket) || socket.bytesRead === 0
      if (state === 'upgraded') counts.upgraded++
      else if (answers.size > 0) counts.request += answers.size
      else if (moving) counts.unconfirmed++
      else if (!untouched) counts[state === 'http' ? 'connection' : 'handshake']++
      socket.destroy()
    }
    return Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => ({ kind, name: this.name, count }))
  }

  detach(): void {
    this.#listeners.detach()
    this.#lingering?.stop()
    this.#sender?.end()
    this.#silent?.close()
  }

  connected(connection: HttpConnection): void {
    if (this.#phase === undefined) return
    this.#drain(connection)
    this.#sender?.poke()
  }

  requested(connection: HttpConnection): void {
    if (this.#phase !== undefined && !this.#moves(connection)) tellToClose(connection)
  }

  answered(connection: HttpConnection): void {
    if (this.#phase === undefined) return
    if (this.#moves(connection)) this.#sender!.poke()
    else this.#lingering!.begin(connection)
  }

  closed(): void {
    this.#phase?.changed()
  }

  #moves(connection: HttpConnection): boolean {
    return this.#sender?.takes(connection) === true
  }

  #drain(connection: HttpConnection): void {
    if (this.#moves(connection)) return
    tellToClose(connection)
    this.#lingering!.begin(connection)
  }

  #newSender(
    phase: PolitePhase,
    carrier: NonNullable<PolitePhase['carrier']>,
  ): ConnectionSender<HttpConnection> {
    const connections = this.#connections
    const source = {
      name: this.name,
      server: this.#server,
      sockets: () => connections.sockets(),
      *candidates() {
        for (const connection of connections) {
          if (connection.state === 'http' && connection.answers.size === 0) yield connection
        }
      },
      moved: (count: number) => {
        this.#handedOver += count
        phase.changed()
      },
      unconfirmed: (count: number) => {
        phase.cut({ kind: 'unconfirmed', name: this.name, count })
        phase.changed()
      },
      stays: (connection: HttpConnection) => this.#drain(connection),
      gaveUp: () => {
        for (const connection of this.#connections) this.#drain(connection)
      },
    }
    // Those that it holds up still need time to end here.
    const boundMs = Math.min(patienceMs, phase.politeMs / 2)
    return new ConnectionSender(source, carrier, phase.environment, boundMs)
  }
}
