import type { WaitGroup } from '@slatfatf/waitgroup'
import type { ConnectionCarrier } from '../connections/connection-carrier.js'
import { RestartError } from '../errors/restart-error.js'
import type { DrainEnvironment } from './drain-environment.js'
import type { DrainPart, PolitePhase } from './drain-part.js'
import type { CutWork, DrainPhase, DrainReport, HookFailure } from './drain-report.js'

export interface DrainRunOptions {
  readonly environment: DrainEnvironment
  readonly group: WaitGroup
  readonly timeoutMs: number
  readonly politeMs: number
  readonly carrier: ConnectionCarrier | undefined
  readonly reason: string | undefined
  /** Hears of each phase as it begins. */
  readonly entered: (phase: DrainPhase) => void
}

/** One drain, from its start to its report: the phases and their bounds. */
export class DrainRun {
  readonly report: Promise<DrainReport>
  readonly #parts: DrainPart[]
  readonly #options: DrainRunOptions
  readonly #startedAt: number
  readonly #phases: { name: DrainPhase; startedAt: number }[] = []
  readonly #cut: CutWork[] = []
  readonly #pending: { name: string; what: readonly string[] }[] = []
  readonly #failures: HookFailure[] = []
  readonly #stopGroupWait = new AbortController()
  #resolve!: (report: DrainReport) => void
  #state: 'stop' | 'polite' | 'forced' | 'ended' = 'stop'
  #starting = true
  #politeEndsAt: number
  #cancelPolite: () => void = () => {}
  #cancelBound: () => void = () => {}
  #unfinished = false
  #awaitingGroup = false

  constructor(parts: readonly DrainPart[], options: DrainRunOptions) {
    this.#parts = [...parts]
    this.#options = options
    this.#startedAt = options.environment.now()
    this.#politeEndsAt = this.#startedAt + options.politeMs
    this.report = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  get #hasEnded(): boolean {
    return this.#state === 'ended'
  }

  begin(): void {
    const { environment, timeoutMs, politeMs } = this.#options
    this.#enter('stop')
    for (const part of this.#parts) part.stopAccepting()
    // Who hears of the phases may have killed the drain, and so may a hook.
    if (this.#hasEnded) return
    this.#enter('polite')
    if (this.#hasEnded) return
    this.#cancelBound = environment.after(timeoutMs, () => this.#finish())
    this.#cancelPolite = environment.after(politeMs, () => this.force())
    this.#state = 'polite'
    for (const part of this.#parts) {
      if (this.#state === 'polite') part.start(this.#phaseOf(part))
    }
    this.#starting = false
    this.#changed()
  }

  /** A part that came late. */
  add(part: DrainPart): void {
    this.#parts.push(part)
    part.stopAccepting()
    if (this.#hasEnded) return
    // `begin` comes to it as to all others.
    if (this.#starting && this.#state !== 'forced') return
    part.start(this.#phaseOf(part))
    if (this.#state === 'forced') this.#cut.push(...part.force())
  }

  shorten(remainingMs: number): void {
    if (this.#state !== 'polite') return
    const { environment } = this.#options
    const left = Math.min(remainingMs, this.#politeEndsAt - environment.now())
    this.#cancelPolite()
    this.#politeEndsAt = environment.now() + left
    this.#cancelPolite = environment.after(Math.max(left, 0), () => this.force())
    for (const part of this.#parts) part.hurry()
    this.#changed()
  }

  /** Ends the polite phase. */
  force(): void {
    if (this.#state !== 'polite') return
    this.#state = 'forced'
    this.#enter('forced')
    this.#cancelPolite()
    const { group } = this.#options
    this.#unfinished = group.size > 0
    for (const part of this.#parts) {
      const what = part.pending?.() ?? []
      if (what.length > 0) this.#pending.push({ name: part.name, what })
      if (part.unfinished !== undefined && part.unfinished.length > 0) this.#unfinished = true
    }
    group.abort(
      new RestartError('The time to end work politely is over', { code: 'ERR_RESTART_DRAIN_FORCED' }),
    )
    for (const part of this.#parts) this.#cut.push(...part.force())
    this.#changed()
  }

  kill(): void {
    this.force()
    this.#finish()
  }

  #phaseOf(part: DrainPart): PolitePhase {
    const { environment, politeMs, carrier } = this.#options
    return {
      environment,
      politeMs,
      carrier,
      changed: () => this.#changed(),
      cut: (work) => void this.#cut.push(work),
      failed: (phase, error) => this.#failures.push({ name: part.name, phase, error }),
    }
  }

  /** Ends the run once nothing is open any more: the parts first, then the work that they may have begun. */
  #changed(): void {
    if (this.#starting || (this.#state !== 'polite' && this.#state !== 'forced')) return
    if (this.#parts.some((part) => part.open > 0)) return
    const { group } = this.#options
    if (group.size === 0) {
      this.#finish()
      return
    }
    if (this.#awaitingGroup) return
    this.#awaitingGroup = true
    const look = () => {
      this.#awaitingGroup = false
      this.#changed()
    }
    // Work that failed is done too.
    group.settled({ signal: this.#stopGroupWait.signal }).then(look, look)
  }

  #enter(name: DrainPhase): void {
    this.#phases.push({ name, startedAt: this.#options.environment.now() })
    this.#options.entered(name)
  }

  #finish(): void {
    if (this.#state === 'ended') return
    // Reached only when the two bounds are the same.
    if (this.#state === 'polite' && this.#parts.some((part) => part.open > 0)) this.force()
    if (this.#hasEnded) return
    this.#state = 'ended'
    this.#cancelPolite()
    this.#cancelBound()
    const { group } = this.#options
    const left = group.pending()
    this.#stopGroupWait.abort()
    group.close()
    for (const part of this.#parts) {
      for (const phase of part.unfinished ?? []) this.#failures.push({ name: part.name, phase })
      part.detach()
    }
    this.#resolve(this.#newReport(left))
  }

  #newReport(left: DrainReport['left']): DrainReport {
    const endedAt = this.#options.environment.now()
    const clean =
      !this.#unfinished && this.#cut.length === 0 && left.length === 0 && this.#failures.length === 0
    return {
      clean,
      reason: this.#options.reason,
      durationMs: endedAt - this.#startedAt,
      phases: this.#phases.map(({ name, startedAt }, index) => ({
        name,
        durationMs: (this.#phases[index + 1]?.startedAt ?? endedAt) - startedAt,
      })),
      cut: this.#cut,
      left,
      pending: this.#pending,
      failures: this.#failures,
      handedOver: this.#parts.reduce((sum, part) => sum + (part.handedOver ?? 0), 0),
    }
  }
}
