import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Server as NetServer, Socket } from 'node:net'
import { type TLSSocket, Server as TlsServer } from 'node:tls'
import { Accepting, type Relisten } from './accepting.js'
import type { DrainPart, PolitePhase } from './drain-part.js'
import type { CutWork } from './drain-report.js'
import { HttpPart } from './http-part.js'
import { Listeners } from './listeners.js'

// RFC 9113 section 6.8: no stream is refused yet, but new ones should go elsewhere.
const everyStream = 2 ** 31 - 1

interface Http2PartOptions {
  readonly lingerMs: number
  readonly relisten: Relisten | undefined
}

/** The HTTP/2 sessions of a server, and its HTTP/1.1 connections where it allows them. */
export class Http2Part implements DrainPart {
  readonly kind = 'http2'
  readonly name: string
  readonly #listeners = new Listeners()
  readonly #accepting: Accepting
  readonly #http1: HttpPart | undefined
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Map<ServerHttp2Session, Set<ServerHttp2Stream>>()
  #lingerMs: number
  #phase: PolitePhase | undefined
  #ended = new Set<Socket>()
  #cancelReaping: (() => void) | undefined

  constructor(name: string, server: NetServer, options: Http2PartOptions) {
    this.name = name
    this.#lingerMs = options.lingerMs
    this.#accepting = new Accepting(name, server, this.#listeners, options.relisten)
    if (server instanceof TlsServer) {
      // Also keeps the book of the handshakes.
      this.#http1 = new HttpPart(name, server, { ...options, handOver: false })
      this.#listeners.on(server, 'secureConnection', (socket: TLSSocket) => {
        if (socket.alpnProtocol === 'h2') this.#connected(socket)
      })
    } else {
      this.#listeners.on(server, 'connection', (socket: Socket) => this.#connected(socket))
    }
    this.#listeners.on(server, 'session', (session: ServerHttp2Session) => this.#opened(session))
  }

  get open(): number {
    return this.#sockets.size + (this.#http1?.open ?? 0)
  }

  stopAccepting(): void {
    this.#accepting.stop()
  }

  resumeAccepting(): Promise<void> {
    return this.#accepting.resume()
  }

  start(phase: PolitePhase): void {
    this.#phase = phase
    this.#lingerMs = Math.min(this.#lingerMs, phase.politeMs / 2)
    this.#http1?.start(phase)
    for (const session of this.#sessions.keys()) this.#shutDown(session)
  }

  hurry(): void {
    this.#lingerMs = 0
    this.#http1?.hurry()
    for (const session of this.#sessions.keys()) session.close()
    this.#cancelReaping?.()
    this.#cancelReaping = undefined
    this.#reapLater()
  }

  force(): CutWork[] {
    this.#cancelReaping?.()
    const cut = this.#http1?.force() ?? []
    let streams = 0
    for (const [session, open] of this.#sessions) {
      streams += open.size
      session.destroy()
    }
    for (const socket of this.#sockets) socket.destroy()
    if (streams > 0) cut.push({ kind: 'http2-stream', name: this.name, count: streams })
    return cut
  }

  detach(): void {
    this.#listeners.detach()
    this.#http1?.detach()
    this.#cancelReaping?.()
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#phase?.changed()
    })
  }

  #opened(session: ServerHttp2Session): void {
    const streams = new Set<ServerHttp2Stream>()
    this.#sessions.set(session, streams)
    session.once('close', () => this.#sessions.delete(session))
    session.on('stream', (stream: ServerHttp2Stream) => {
      streams.add(stream)
      stream.once('close', () => {
        streams.delete(stream)
        if (streams.size === 0 && session.closed) this.#reapLater()
      })
    })
    if (this.#phase !== undefined) this.#shutDown(session)
  }

  /**
   * First a GOAWAY that refuses nothing, then, after one round trip, the final one: streams that the client opened
   * before it read the first are still served.
   */
  #shutDown(session: ServerHttp2Session): void {
    if (session.closed || session.destroyed) return
    session.goaway(constants.NGHTTP2_NO_ERROR, everyStream)
    const finish = () => {
      cancel()
      // Sends the final GOAWAY, and ends when the last stream has.
      session.close()
      this.#reapLater()
    }
    const cancel = this.#phase!.environment.after(this.#lingerMs, finish)
    session.once('close', cancel)
    try {
      session.ping(finish)
    } catch {
      // Too many pings under way: the delay does it.
    }
  }

  /** A client that keeps its end open after the session has ended does not hold the drain up. */
  #reapLater(): void {
    if (this.#phase === undefined || this.#cancelReaping !== undefined) return
    const delayMs = Math.max(this.#lingerMs, 1)
    this.#cancelReaping = this.#phase.environment.after(delayMs, () => {
      this.#cancelReaping = undefined
      const ended = new Set<Socket>()
      for (const socket of this.#sockets) {
        if (!socket.writableFinished) continue
        // Seen at the last look too: what was written last has had its time to arrive.
        if (this.#ended.has(socket)) socket.destroy()
        else ended.add(socket)
      }
      this.#ended = ended
      if (ended.size > 0) this.#reapLater()
    })
  }
}
