import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'
import { type TLSSocket, Server as TlsServer } from 'node:tls'
import { acceptedHttpSockets } from './accepted-sockets.js'
import type { Listeners } from './listeners.js'

export interface HttpConnection {
  readonly socket: Socket
  /** `upgraded`: the socket is no longer the HTTP server's. */
  state: 'handshake' | 'http' | 'upgraded'
  /** Open ones, in the order of their requests; more than one when the client pipelines. */
  readonly answers: Set<ServerResponse>
  /** The answer that was given `Connection: close`. */
  told: ServerResponse | undefined
  /** On its way to the successor: nothing else may happen to it. */
  moving: boolean
  /** Since when, and after how many bytes, nothing came. */
  quietSinceMs: number
  quietBytes: number
}

export interface HttpObserver {
  connected(connection: HttpConnection): void
  /** The answer is the newest in `answers`. Runs before the application sees the request. */
  requested(connection: HttpConnection): void
  /** No answer is open any more, though part of the next request may have come. */
  answered(connection: HttpConnection): void
  closed(connection: HttpConnection): void
}

/** Keeps the book of all HTTP/1.1 connections of a server, by its public events. */
export class HttpConnections {
  readonly #all = new Map<Socket, HttpConnection>()
  /** TLS handshakes by their addresses: Node does not say which socket a TLS socket came from. */
  readonly #handshakes = new Map<string, Socket>()
  readonly #observer: HttpObserver

  constructor(server: NetServer, listeners: Listeners, observer: HttpObserver) {
    this.#observer = observer
    if (server instanceof TlsServer) {
      listeners.on(server, 'connection', (socket: Socket) => this.#handshake(socket))
      listeners.on(server, 'secureConnection', (socket: TLSSocket) => this.#secured(socket))
    } else {
      listeners.on(server, 'connection', (socket: Socket) => this.#known(socket))
    }
    listeners.on(server, 'request', this.#requested)
    listeners.follow(server, 'checkContinue', this.#requested)
    listeners.follow(server, 'checkExpectation', this.#requested)
    listeners.follow(server, 'upgrade', this.#upgraded)
    listeners.follow(server, 'connect', this.#upgraded)
    for (const socket of acceptedHttpSockets(server)) this.#accepted(socket)
  }

  get size(): number {
    return this.#all.size
  }

  sockets(): Iterable<Socket> {
    return this.#all.keys()
  }

  [Symbol.iterator](): Iterator<HttpConnection> {
    return this.#all.values()
  }

  /** One that was there before; with it the answer that is open, as far as Node tells. */
  #accepted(socket: Socket): void {
    this.#known(socket)
    const { _httpMessage: answer } = socket as { readonly _httpMessage?: unknown }
    if (answer instanceof ServerResponse) this.#requested(answer.req, answer)
  }

  #handshake(socket: Socket): void {
    const key = addresses(socket)
    if (key === undefined) return
    this.#handshakes.set(key, socket)
    this.#known(socket, 'handshake')
    socket.once('close', () => {
      if (this.#handshakes.get(key) === socket) this.#handshakes.delete(key)
    })
  }

  #secured(socket: TLSSocket): void {
    const key = addresses(socket)
    const handshake = key === undefined ? undefined : this.#handshakes.get(key)
    if (handshake !== undefined) {
      this.#handshakes.delete(key!)
      this.#all.delete(handshake)
    }
    // An HTTP/2 connection is drained by its session.
    if (socket.alpnProtocol !== 'h2') this.#known(socket)
  }

  #known(socket: Socket, state: HttpConnection['state'] = 'http'): HttpConnection {
    const known = this.#all.get(socket)
    if (known !== undefined) return known
    const connection = newConnection(socket, state)
    this.#all.set(socket, connection)
    socket.once('close', () => {
      if (this.#all.get(socket) !== connection) return
      this.#all.delete(socket)
      this.#observer.closed(connection)
    })
    this.#observer.connected(connection)
    return connection
  }

  readonly #requested = (request: IncomingMessage, answer: ServerResponse): void => {
    if (request.httpVersionMajor > 1) return
    const connection = this.#known(request.socket)
    // checkContinue and checkExpectation may hand the same pair on as a request.
    if (connection.answers.has(answer)) return
    connection.answers.add(answer)
    const settle = () => {
      if (connection.answers.size === 0 && !request.socket.destroyed) this.#observer.answered(connection)
    }
    answer.once('close', () => {
      connection.answers.delete(answer)
      settle()
    })
    // The rest of a body may come long after the answer went out.
    request.once('close', settle)
    this.#observer.requested(connection)
  }

  readonly #upgraded = (_request: IncomingMessage, socket: Socket): void => {
    this.#known(socket).state = 'upgraded'
  }
}

function newConnection(socket: Socket, state: HttpConnection['state']): HttpConnection {
  return {
    socket,
    state,
    answers: new Set(),
    told: undefined,
    moving: false,
    quietSinceMs: 0,
    quietBytes: 0,
  }
}

function addresses(socket: Socket): string | undefined {
  if (socket.remotePort === undefined) return undefined
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`
}
