import {
  checkFunction,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import type { Relisten } from './accepting.js'
import { type DrainEnvironment, systemEnvironment } from './drain-environment.js'
import type { WebSocketPartOptions } from './web-socket-part.js'

// The longest delay of a timer.
const longestMs = 2 ** 31 - 1

/** Options of `openDrain`. */
export interface DrainOptions {
  /** Upper bound of the whole drain. Default 30,000. */
  timeoutMs?: number | undefined
  /** Upper bound of the polite phase. Default: `timeoutMs` less a tenth, and less at most a second. */
  politeMs?: number | undefined
  /** Has a server listen again when `resumeAccepting` is called, given where it did. Default: on the same address. */
  relisten?: Relisten | undefined
  /** For tests: the clock, and how descriptors are duplicated. */
  environment?: DrainEnvironment | undefined
}

/** Options of `Drain.http2`. */
export interface HttpDrainOptions {
  /**
   * How long a connection may be silent before it is closed while draining. Default 1,000, and at most half of
   * the polite phase.
   *
   * Longer is safer for clients that send rarely, and lets the drain take longer.
   */
  lingerMs?: number | undefined
}

/** Options of `Drain.http`. */
export interface HttpHandOverOptions extends HttpDrainOptions {
  /** Idle connections go to the successor, whose server of the same name serves them on. Default false. */
  handOver?: boolean | undefined
}

/** Options of `Drain.webSocket`. */
export interface WebSocketDrainOptions {
  /** Of the close frame. Default 1001, "going away". */
  code?: number | undefined
  /** Of the close frame, at most 123 bytes. Default `restart`. */
  reason?: string | undefined
  /**
   * Over how long the close frames are spread, so that the clients do not come back all at once. Default 1,000,
   * and at most half of the polite phase; 0 closes all at once.
   */
  spreadMs?: number | undefined
}

/** Options of `Drain.start`. */
export interface DrainStartOptions {
  /** Why, for the report. */
  reason?: string | undefined
  /** Ends the polite phase when it fires. */
  signal?: AbortSignal | undefined
}

export interface DrainBounds {
  readonly timeoutMs: number
  readonly politeMs: number
  readonly relisten: Relisten | undefined
  readonly environment: DrainEnvironment
}

export function drainBounds(options: DrainOptions): DrainBounds {
  checkKnown('options', options, ['timeoutMs', 'politeMs', 'relisten', 'environment'])
  const { timeoutMs = 30_000, relisten, environment = systemEnvironment } = options
  checkInteger('timeoutMs', timeoutMs, longestMs)
  const { politeMs = timeoutMs - Math.min(1_000, Math.ceil(timeoutMs / 10)) } = options
  checkInteger('politeMs', politeMs, timeoutMs)
  if (relisten !== undefined) checkFunction('relisten', relisten)
  return { timeoutMs, politeMs, relisten, environment }
}

export function lingerOf(options: HttpDrainOptions): number {
  const { lingerMs = 1_000 } = options
  checkInteger('lingerMs', lingerMs, longestMs)
  return lingerMs
}

export function webSocketOptions(options: WebSocketDrainOptions): WebSocketPartOptions {
  checkKnown('options', options, ['code', 'reason', 'spreadMs'])
  const { code = 1001, reason = 'restart', spreadMs = 1_000 } = options
  checkInteger('code', code, 4999)
  if (code < 1000) throw invalidValue('code', 'a close code from 1000 to 4999', code)
  if (typeof reason !== 'string') throw invalidType('reason', 'a string', reason)
  if (Buffer.byteLength(reason) > 123) throw invalidValue('reason', 'at most 123 bytes', reason)
  checkInteger('spreadMs', spreadMs, longestMs)
  return { code, reason, spreadMs }
}

export function checkName(name: unknown): void {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  if (name === '') throw invalidValue('name', 'not empty', name)
}
