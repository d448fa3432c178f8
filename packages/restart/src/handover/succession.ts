import type { RestartResult } from '../coordination/protocol.js'
import { RestartError } from '../errors/restart-error.js'
import {
  Attempt,
  type AttemptSettings,
  type StageDetails,
  type StageListener,
  type Successor,
} from './attempt.js'
import type { HandoverEnvironment } from './environment.js'
import type { RestartStage } from './failures.js'
import * as failures from './failures.js'
import type { Incumbent } from './incumbent.js'

/**
 * - `starting`: not ready yet.
 * - `serving`, and with it `restarting` (a next version starts) and `holding` (it serves, and can be sent back).
 * - `draining`: a next version has taken over.
 * - `stopping`: nobody takes over.
 */
export type SuccessionState = 'starting' | 'serving' | 'restarting' | 'holding' | 'draining' | 'stopping'

export interface CurrentRestart {
  stage: RestartStage
  pid?: number | undefined
  startedAt: Date
}

interface Run {
  attempt: Attempt
  result: Promise<RestartResult>
  listeners: Set<StageListener>
  startedAt: Date
  last?: [RestartStage, StageDetails]
}

/** Who serves, and who may come next: at most one, and whoever asks meanwhile shares its result. */
export class Succession {
  readonly #incumbent: Incumbent
  readonly #environment: HandoverEnvironment
  readonly #settings: () => AttemptSettings
  readonly #superseded: (successor: Successor) => void
  #state: 'starting' | 'serving' | 'draining' | 'stopping' = 'starting'
  #run: Run | undefined
  #stopAsked = false
  readonly #leaving = new Set<Promise<void>>()

  /** `superseded` is called once, before anybody is told that the restart went well. */
  constructor(
    incumbent: Incumbent,
    environment: HandoverEnvironment,
    settings: () => AttemptSettings,
    superseded: (successor: Successor) => void,
  ) {
    this.#incumbent = incumbent
    this.#environment = environment
    this.#settings = settings
    this.#superseded = superseded
  }

  get state(): SuccessionState {
    if (this.#state !== 'serving' || !this.#run) return this.#state
    return this.#run.attempt.stage === 'holding' ? 'holding' : 'restarting'
  }

  get current(): CurrentRestart | undefined {
    const run = this.#run
    return run && { stage: run.attempt.stage, pid: run.attempt.pid, startedAt: run.startedAt }
  }

  /** From now on restarts are possible. */
  serve(): void {
    if (this.#state === 'starting') this.#state = 'serving'
  }

  /** Begins a restart, or joins the one that runs. Rejects with what kept the next version from taking over. */
  restart(listener?: StageListener): Promise<RestartResult> {
    if (this.#state !== 'serving' || this.#stopAsked) return Promise.reject(this.#refusal())
    const run = this.#run ?? this.#begin()
    if (listener) {
      run.listeners.add(listener)
      if (run.last) this.#tell(listener, ...run.last)
    }
    return run.result
  }

  /** Sends back a version that is held; resolves when this one serves alone again. */
  async rollback(): Promise<void> {
    const run = this.#run
    if (this.state !== 'holding' || !run) throw this.#nothingToRollBack()
    if (!run.attempt.cancel(failures.rolledBack())) throw this.#nothingToRollBack()
    // Its rejection is the answer of those who asked for the restart.
    await run.result.catch(() => {})
  }

  /**
   * No more restarts; one that runs is cancelled, and `false` says that it was too late for that: another version has
   * taken over.
   */
  async stop(why: string): Promise<boolean> {
    this.#stopAsked = true
    const run = this.#run
    if (run) {
      run.attempt.cancel(failures.cancelled(why))
      await run.result.catch(() => {})
    }
    if (this.#state === 'draining') return false
    this.#state = 'stopping'
    return true
  }

  /** Settles when all versions that were sent back are gone. */
  async alone(): Promise<void> {
    await Promise.all(this.#leaving)
  }

  #begin(): Run {
    const listeners = new Set<StageListener>()
    const attempt = new Attempt(this.#incumbent, this.#environment, this.#settings(), (stage, details) => {
      run.last = [stage, details]
      for (const listener of listeners) this.#tell(listener, stage, details)
    })
    const run: Run = { attempt, listeners, startedAt: new Date(), result: undefined as never }
    this.#run = run
    run.result = this.#perform(attempt)
    run.result.catch(() => {})
    return run
  }

  async #perform(attempt: Attempt): Promise<RestartResult> {
    const begin = this.#environment.now()
    // Whoever asked is known before the first stage is told.
    await Promise.resolve()
    try {
      const successor = await attempt.run()
      this.#state = 'draining'
      this.#superseded(successor)
      const { pid, generation } = successor
      return { pid, generation, durationMs: Math.round(this.#environment.now() - begin) }
    } finally {
      this.#run = undefined
      const leaving = attempt.dismissed.finally(() => this.#leaving.delete(leaving))
      this.#leaving.add(leaving)
    }
  }

  /** Whoever only listens cannot keep a restart from going on. */
  #tell(listener: StageListener, stage: RestartStage, details: StageDetails): void {
    try {
      listener(stage, details)
    } catch (error) {
      this.#incumbent.report(error as Error)
    }
  }

  #refusal(): RestartError {
    switch (this.#state) {
      case 'starting':
        return new RestartError('this version has not called ready() yet', {
          code: 'ERR_RESTART_NOT_READY',
          hint: 'Ask again when it serves',
        })
      case 'draining':
        return new RestartError('a newer version has taken over already: this one only finishes its work', {
          code: 'ERR_RESTART_SUPERSEDED',
        })
      default:
        return new RestartError('this version is about to stop', { code: 'ERR_RESTART_STOPPING' })
    }
  }

  #nothingToRollBack(): RestartError {
    return new RestartError('no new version is held, so there is nothing to take back', {
      code: 'ERR_RESTART_NOTHING_TO_ROLL_BACK',
      hint: 'Only with holdMs, and only until it is over',
    })
  }
}
