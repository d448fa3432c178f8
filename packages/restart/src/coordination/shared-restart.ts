import { debuglog } from 'node:util'
import type { CoordinationHandler } from './coordination-handler.js'
import type { Progress, RestartResult } from './protocol.js'

const log = debuglog('slatfatf-restart')

/** The restart that runs, as those who share it see it. */
interface Running {
  readonly beganAt: number
  readonly outcome: Promise<RestartResult>
  readonly listeners: Set<(progress: Progress) => void>
  last?: Progress
}

/** A place in a restart. */
export interface SharedPlace {
  readonly outcome: Promise<RestartResult>
  /** How long before the restart had begun; absent for who began it. */
  readonly beganBeforeMs?: number
  /** No more progress; the restart goes on. */
  leave(): void
}

/** Makes one restart of those that are asked for while it runs. */
export class SharedRestart {
  readonly #handler: CoordinationHandler
  #running: Running | undefined

  constructor(handler: CoordinationHandler) {
    this.#handler = handler
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Begins a restart or joins the one that runs; who comes late is told at once how far it is. */
  join(listener: (progress: Progress) => void): SharedPlace {
    const running = this.#running
    if (running === undefined) return this.#begin(listener)
    running.listeners.add(listener)
    if (running.last) tell(listener, running.last)
    return {
      outcome: running.outcome,
      beganBeforeMs: Math.round(performance.now() - running.beganAt),
      leave: () => running.listeners.delete(listener),
    }
  }

  #begin(listener: (progress: Progress) => void): SharedPlace {
    const listeners = new Set([listener])
    const progress = (step: Progress) => {
      running.last = step
      for (const each of listeners) tell(each, step)
    }
    const outcome = Promise.resolve()
      .then(() => this.#handler.restart((stage, details) => progress({ ...details, stage })))
      .finally(() => {
        this.#running = undefined
      })
    // Who shares it may have left.
    outcome.catch(() => {})
    const running: Running = { beganAt: performance.now(), outcome, listeners }
    this.#running = running
    return { outcome, leave: () => listeners.delete(listener) }
  }
}

/** What cannot be told must not fail the restart. */
function tell(listener: (progress: Progress) => void, step: Progress): void {
  try {
    listener(step)
  } catch (error) {
    log('progress could not be told: %O', error)
  }
}
