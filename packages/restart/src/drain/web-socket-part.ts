import type { EventEmitter } from 'node:events'
import type { DrainPart, PolitePhase } from './drain-part.js'
import type { CutWork } from './drain-report.js'
import { Listeners } from './listeners.js'

/** What the drain needs of a WebSocket, as `ws` has it. */
export interface WebSocketLike {
  /** 2 and 3: closing, closed. */
  readonly readyState: number
  close(code?: number, reason?: string): void
  terminate(): void
  once(event: 'close', listener: () => void): unknown
}

/** What the drain needs of a WebSocket server, as `ws` has it. */
export interface WebSocketServerLike extends EventEmitter {
  readonly clients: ReadonlySet<WebSocketLike>
}

export interface WebSocketPartOptions {
  readonly code: number
  readonly reason: string
  readonly spreadMs: number
}

const open = 1

/** WebSockets, each of which is told by a close frame (RFC 6455 section 7.4) instead of a reset. */
export class WebSocketPart implements DrainPart {
  readonly kind = 'websocket'
  readonly name: string
  readonly #server: WebSocketServerLike
  readonly #options: WebSocketPartOptions
  readonly #listeners = new Listeners()
  readonly #due = new Set<WebSocketLike>()
  #phase: PolitePhase | undefined
  #cancel: (() => void) | undefined
  #stepMs = 0

  constructor(name: string, server: WebSocketServerLike, options: WebSocketPartOptions) {
    this.name = name
    this.#server = server
    this.#options = options
    this.#listeners.on(server, 'connection', (client: WebSocketLike) => {
      // The application's own listener comes first.
      if (this.#phase !== undefined) setImmediate(() => this.#close(client))
    })
  }

  get open(): number {
    return this.#server.clients.size
  }

  // Its HTTP server accepts or does not.
  stopAccepting(): void {}
  resumeAccepting(): void {}

  start(phase: PolitePhase): void {
    this.#phase = phase
    for (const client of shuffled([...this.#server.clients])) this.#due.add(client)
    // Half the time at most: who is told at the end of it still needs time to answer.
    const spreadMs = Math.min(this.#options.spreadMs, phase.politeMs / 2)
    this.#stepMs = spreadMs / Math.max(this.#due.size, 1)
    if (this.#stepMs === 0) this.#closeAll()
    else this.#closeNext()
  }

  hurry(): void {
    this.#closeAll()
  }

  force(): CutWork[] {
    this.#cancel?.()
    const clients = [...this.#server.clients]
    for (const client of clients) client.terminate()
    return clients.length === 0 ? [] : [{ kind: 'websocket', name: this.name, count: clients.length }]
  }

  detach(): void {
    this.#listeners.detach()
    this.#cancel?.()
  }

  #closeAll(): void {
    this.#cancel?.()
    for (const client of this.#due) this.#close(client)
    this.#due.clear()
  }

  /** One after the other, at uneven intervals, so that the clients do not all come back in one moment. */
  #closeNext(): void {
    const [client] = this.#due
    if (client === undefined) return
    this.#due.delete(client)
    this.#close(client)
    const delayMs = this.#stepMs * (0.5 + Math.random())
    this.#cancel = this.#phase!.environment.after(delayMs, () => this.#closeNext())
  }

  #close(client: WebSocketLike): void {
    // Their set forgets it before or after this; the drain looks once both have happened.
    client.once('close', () => setImmediate(() => this.#phase!.changed()))
    if (client.readyState === open) client.close(this.#options.code, this.#options.reason)
  }
}

function shuffled<T>(values: T[]): T[] {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    const value = values[last]!
    values[last] = values[other]!
    values[other] = value
  }
  return values
}
