import type { PendingWork } from '@slatfatf/waitgroup'

/** `stop`: nothing new is accepted; `polite`: the other side is asked to end; `forced`: it is ended. */
export type DrainPhase = 'stop' | 'polite' | 'forced'

/** Work that was ended before it was done. */
export interface CutWork {
  /**
   * `request`: an HTTP/1.1 request without its whole answer; `connection`: an HTTP/1.1 connection with a part of
   * a request; `handshake`: a TLS handshake; `upgraded`: a connection after an upgrade or CONNECT;
   * `unconfirmed`: a connection that was sent to the successor, which has not said in time that it has it, and may serve
   * it all the same; `http2-stream`; `websocket`: one that did not answer the close frame in time; `socket`: of a `net` server.
   */
  readonly kind: string
  /** Under which the server was registered. */
  readonly name: string
  readonly count: number
}

/** A hook that threw, or that had not ended at the end of its phase (`error` is absent then). */
export interface HookFailure {
  readonly name: string
  readonly phase: DrainPhase
  readonly error?: unknown
}

/** What a drain did. */
export interface DrainReport {
  /** All ended by itself within the polite phase, and no hook failed. */
  readonly clean: boolean
  /** As given to `start`. */
  readonly reason: string | undefined
  readonly durationMs: number
  /** The phases that took place; `forced` is absent when all ended by itself. */
  readonly phases: readonly { readonly name: DrainPhase; readonly durationMs: number }[]
  readonly cut: readonly CutWork[]
  /** Work of the drain's wait group that was not done at the end, by name and age. */
  readonly left: readonly PendingWork[]
  /** What the hooks named as not done when the polite phase ended without them. */
  readonly pending: readonly { readonly name: string; readonly what: readonly string[] }[]
  readonly failures: readonly HookFailure[]
  /** Connections that went to the successor. */
  readonly handedOver: number
}
