import { channel } from 'node:diagnostics_channel'
import type { Server as HttpServer } from 'node:http'
import type { Http2SecureServer, Http2Server } from 'node:http2'
import { Server as HttpsServer } from 'node:https'
import type { Server as NetServer, Socket } from 'node:net'
import { WaitGroup } from '@slatfatf/waitgroup'
import type { DrainConnections } from '../connections/connection-carrier.js'
import { ReceivedConnections } from '../connections/received-connections.js'
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkKnown,
  checkSignal,
  invalidValue,
} from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import {
  checkName,
  type DrainBounds,
  type DrainOptions,
  type DrainStartOptions,
  drainBounds,
  type HttpDrainOptions,
  type HttpHandOverOptions,
  lingerOf,
  type WebSocketDrainOptions,
  webSocketOptions,
} from './drain-options.js'
import type { DrainPart } from './drain-part.js'
import type { DrainPhase, DrainReport } from './drain-report.js'
import { DrainRun } from './drain-run.js'
import type { DrainStatus } from './drain-status.js'
import { type DrainHook, HookPart } from './hook-part.js'
import { HttpPart } from './http-part.js'
import { Http2Part } from './http2-part.js'
import { NetPart } from './net-part.js'
import { checkHttp2Server, checkHttpServer, checkNetServer, checkWebSocketServer } from './server-kind.js'
import { WebSocketPart, type WebSocketServerLike } from './web-socket-part.js'

const phases = channel('@slatfatf/restart:drain')

/**
 * Ends the work of a process within one bound, in three phases.
 *
 * 1. *stop*: no server accepts any more. The connections that exist are not touched.
 * 2. *polite*: each client is asked to go, in the way of its protocol, and nothing is closed that has work in it.
 * 3. *forced*: what is left is closed, and reported.
 *
 * Register servers before they listen: connections that were accepted earlier are looked up where Node keeps them, but not those
 * of HTTP/2. Publishes `{ drain, phase, reason }` on the diagnostics channel `@slatfatf/restart:drain`.
 */
export class Drain implements AsyncDisposable {
  /**
   * Work that is in flight besides the connections: the polite phase waits for it, and the report names what is left.
   * Its signal fires when the polite phase ends, with RestartError `ERR_RESTART_DRAIN_FORCED`; at the end it is closed.
   */
  readonly group: WaitGroup = new WaitGroup()
  readonly connections: DrainConnections
  readonly #bounds: DrainBounds
  readonly #parts: DrainPart[] = []
  readonly #received: ReceivedConnections
  readonly #started = new AbortController()
  #stopped = false
  #run: DrainRun | undefined
  #ended = false

  constructor(options: DrainOptions = {}) {
    this.#bounds = drainBounds(options)
    const received = new ReceivedConnections(this.#bounds.environment)
    this.#received = received
    this.connections = {
      carrier: undefined,
      receive: (server, fds) => received.receive(server, fds),
      serves: (server) => received.serves(server),
    }
  }

  /** Fires when the drain starts: long answers (server-sent events, long polling) end themselves by it. */
  get signal(): AbortSignal {
    return this.#started.signal
  }

  /**
   * An HTTP/1.1 server, also that of Express (`app.listen()`) or Fastify (`fastify.server`), with or without TLS.
   *
   * Politely: answers whose headers are not sent yet say `Connection: close` (RFC 9112 section 9.6); a connection on which nothing happens
   * stays open for `lingerMs`, since its next request may be under way. With `handOver` idle connections go to
   * the successor instead, if there is one, and their clients notice nothing.
   *
   * @throws {RestartError} `ERR_RESTART_HAND_OVER_TLS` for `handOver` with TLS, whose keys cannot leave the process.
   */
  http(name: string, server: HttpServer | HttpsServer, options: HttpHandOverOptions = {}): void {
    checkName(name)
    checkHttpServer(server)
    checkKnown('options', options, ['lingerMs', 'handOver'])
    const { handOver = false } = options
    checkBoolean('handOver', handOver)
    const lingerMs = lingerOf(options)
    if (handOver && server instanceof HttpsServer) {
      throw new RestartError(
        `Connections of ${name} cannot be handed over: TLS keys do not leave the process`,
        {
          code: 'ERR_RESTART_HAND_OVER_TLS',
          hint: 'Leave handOver out for https, or let a proxy end TLS in front of a plain HTTP server',
        },
      )
    }
    this.#checkFree('http', name)
    const part = new HttpPart(name, server, { lingerMs, handOver, relisten: this.#bounds.relisten })
    this.add(part)
    if (handOver) this.#received.claim(name, (fd) => part.admit(fd))
  }

  /**
   * An HTTP/2 server, with or without TLS; with `allowHTTP1` its HTTP/1.1 connections are drained as by `http`.
   *
   * Politely: GOAWAY in two steps (RFC 9113 section 6.8), so that no stream is refused that was under way. A client may
   * still refuse by itself what it had queued and not sent (Node's does, as `REFUSED_STREAM`): safe to try again.
   */
  http2(name: string, server: Http2Server | Http2SecureServer, options: HttpDrainOptions = {}): void {
    checkName(name)
    checkHttp2Server(server)
    checkKnown('options', options, ['lingerMs'])
    const lingerMs = lingerOf(options)
    this.#checkFree('http2', name)
    this.add(new Http2Part(name, server, { lingerMs, relisten: this.#bounds.relisten }))
  }

  /**
   * A `net` or `tls` server. Politely: `polite(socket)` is called for each connection, to tell the client in the
   * words of its protocol; without it the drain just waits for the clients.
   */
  net(
    name: string,
    server: NetServer,
    options: { polite?: ((socket: Socket) => void) | undefined } = {},
  ): void {
    checkName(name)
    checkNetServer(server)
    checkKnown('options', options, ['polite'])
    const { polite } = options
    if (polite !== undefined) checkFunction('polite', polite)
    this.#checkFree('net', name)
    this.add(new NetPart(name, server, { polite, relisten: this.#bounds.relisten }))
  }

  /**
   * The server of `ws`, or one with the same `clients`, `close` and `terminate`. Register the HTTP server under it
   * too: that one accepts. Politely: a close frame to each client, spread over `spreadMs`.
   */
  webSocket(name: string, server: WebSocketServerLike, options: WebSocketDrainOptions = {}): void {
    checkName(name)
    checkWebSocketServer(server)
    const checked = webSocketOptions(options)
    this.#checkFree('websocket', name)
    this.add(new WebSocketPart(name, server, checked))
  }

  /** What else is to be done in the phases; what a hook throws is reported, and the drain goes on. */
  hook(name: string, hook: DrainHook): void {
    checkName(name)
    checkKnown('hook', hook, ['stop', 'resume', 'polite', 'forced', 'pending'])
    for (const [key, value] of Object.entries(hook)) if (value !== undefined) checkFunction(key, value)
    this.#checkFree('hook', name)
    this.add(new HookPart(name, hook))
  }

  /** A kind of one's own. */
  add(part: DrainPart): void {
    // WebSockets end before the server that carries them, and are not counted twice.
    if (part.kind === 'websocket') this.#parts.unshift(part)
    else this.#parts.push(part)
    if (this.#run !== undefined) this.#run.add(part)
    else if (this.#stopped) part.stopAccepting()
  }

  /**
   * No server accepts any more; what is open goes on. Reversible with `resumeAccepting` until `start`.
   *
   * The listening sockets of this process are closed: connections wait in the kernel, or go to another process,
   * where a duplicate of them is open. A server without connections emits `close`.
   */
  stopAccepting(): void {
    this.#stopped = true
    for (const part of this.#parts) part.stopAccepting()
  }

  /**
   * Takes `stopAccepting` back; resolves when all servers that listened do so again.
   *
   * @throws {RestartError} `ERR_RESTART_DRAIN_STARTED` after `start`; `ERR_RESTART_RELISTEN_FAILED` when one server
   * cannot listen; the others do then.
   */
  async resumeAccepting(): Promise<void> {
    if (this.#run !== undefined) {
      throw new RestartError('A drain that has started cannot be taken back', {
        code: 'ERR_RESTART_DRAIN_STARTED',
      })
    }
    this.#stopped = false
    const outcomes = await Promise.allSettled(this.#parts.map(async (part) => part.resumeAccepting()))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** Drains. Never rejects, and resolves within `timeoutMs`; a second call joins the first. */
  start(options: DrainStartOptions = {}): Promise<DrainReport> {
    checkKnown('options', options, ['reason', 'signal'])
    const { reason, signal } = options
    checkSignal(signal)
    if (this.#run !== undefined) return this.#run.report
    const run = new DrainRun(this.#parts, {
      environment: this.#bounds.environment,
      group: this.group,
      timeoutMs: this.#bounds.timeoutMs,
      politeMs: this.#bounds.politeMs,
      carrier: this.connections.carrier,
      reason,
      entered: (phase: DrainPhase) => phases.publish({ drain: this, phase, reason }),
    })
    this.#run = run
    run.begin()
    // Answers that end by it were told `Connection: close` by now.
    this.#started.abort()
    const force = () => run.force()
    if (signal?.aborted === true) force()
    signal?.addEventListener('abort', force, { once: true })
    void run.report.then(() => {
      this.#ended = true
      this.#received.close()
      signal?.removeEventListener('abort', force)
    })
    return run.report
  }

  /** The polite phase ends after this time at most, and lingering and pacing at once. Default 1,000 ms. */
  shorten(remainingMs = 1_000): void {
    checkInteger('remainingMs', remainingMs, this.#bounds.timeoutMs)
    this.#run?.shorten(remainingMs)
  }

  /** Closes everything now, and `start` resolves without waiting for hooks or work. Starts the drain if need be. */
  kill(): void {
    if (this.#run === undefined) void this.start({ reason: 'kill' })
    this.#run!.kill()
  }

  status(): DrainStatus {
    const open = this.#parts
      .map((part) => ({ kind: part.kind, name: part.name, count: part.open }))
      .filter(({ count }) => count > 0)
    return { state: this.#state(), open, left: this.group.pending() }
  }

  /** Drains with the bounds it was opened with. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.start({ reason: 'dispose' })
  }

  #state(): DrainStatus['state'] {
    if (this.#ended) return 'drained'
    if (this.#run !== undefined) return 'draining'
    return this.#stopped ? 'stopped' : 'serving'
  }

  #checkFree(kind: string, name: string): void {
    if (this.#parts.some((part) => part.kind === kind && part.name === name)) {
      throw invalidValue('name', `a name that no other ${kind} part has`, name)
    }
  }
}

/**
 * A drain for this process, with or without an instance around it.
 *
 * On its own it ends a process on a signal; nothing here exits or listens to signals by itself:
 *
 * ```ts
 * const drain = openDrain({ timeoutMs: 10_000 })
 * drain.http('web', server)
 * process.once('SIGTERM', async () => {
 *   const { clean } = await drain.start({ reason: 'SIGTERM' })
 *   process.exit(clean ? 0 : 1)
 * })
 * ```
 *
 * `openDrain` and HTTP/1.1, HTTP/2, WebSocket and `net` servers work on every platform; `handOver` requires Linux.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`
 * @throws {RangeError} `ERR_INVALID_ARG_VALUE`
 */
export function openDrain(options: DrainOptions = {}): Drain {
  return new Drain(options)
}
