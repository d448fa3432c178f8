import type { ConnectionCarrier } from '../connections/connection-carrier.js'
import type { DrainEnvironment } from './drain-environment.js'
import type { CutWork, DrainPhase } from './drain-report.js'

/** What a part learns when the polite phase begins. */
export interface PolitePhase {
  readonly environment: DrainEnvironment
  /** How long the polite phase lasts at most, counted from its beginning. */
  readonly politeMs: number
  /** Leads to the successor, if there is one that takes connections. */
  readonly carrier: ConnectionCarrier | undefined
  /** To be called whenever `open` may have become 0. */
  changed(): void
  /** Notes in the report what was ended before it was done, other than by `force`. */
  cut(work: CutWork): void
  /** Notes in the report what went wrong; the drain goes on. */
  failed(phase: DrainPhase, error: unknown): void
}

/**
 * One thing that can be drained: a server, a set of WebSockets, a hook.
 *
 * The calls come in this order: `stopAccepting` and `resumeAccepting` any number of times, `start`, `hurry` at
 * most once, `force` at most once.
 */
export interface DrainPart {
  /** `http`, `net`, ...: together with the name it says what it is. */
  readonly kind: string
  readonly name: string
  /** How much the polite phase still waits for. */
  readonly open: number
  /** Nothing new comes in from here on. */
  stopAccepting(): void
  /** Takes `stopAccepting` back. */
  resumeAccepting(): void | Promise<void>
  /** Asks the other side to end, and says `changed` as it does. */
  start(phase: PolitePhase): void
  /** The polite phase is being shortened: no lingering, no pacing. */
  hurry(): void
  /** Ends everything at once and says what was cut. Connections without work in them do not count. */
  force(): CutWork[]
  /** Connections that the successor took over. */
  readonly handedOver?: number
  /** Phases whose work is still running. */
  readonly unfinished?: readonly DrainPhase[]
  /** What is not done, in words. */
  pending?(): readonly string[]
  /** Takes the listeners off again. */
  detach(): void
}
