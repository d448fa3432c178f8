import type { DrainPart, PolitePhase } from './drain-part.js'
import type { CutWork, DrainPhase } from './drain-report.js'

/** What else is to be done in the phases of a drain; each part may be left out. */
export interface DrainHook {
  /** No new work from here on. Without `resume` it runs when the drain starts, with it at `stopAccepting`. */
  readonly stop?: (() => void | Promise<void>) | undefined
  /** Takes `stop` back. */
  readonly resume?: (() => void | Promise<void>) | undefined
  /** Ends what there is; the drain waits for it. The signal fires when the polite phase ends. */
  readonly polite?: ((options: { signal: AbortSignal }) => void | Promise<void>) | undefined
  /** Runs when the polite phase has ended before everything had; the drain waits for it until its bound. */
  readonly forced?: (() => void | Promise<void>) | undefined
  /** What is not done yet, for the report. */
  readonly pending?: (() => readonly string[]) | undefined
}

/** What the application wants to do in the phases. */
export class HookPart implements DrainPart {
  readonly kind = 'hook'
  readonly name: string
  readonly #hook: DrainHook
  readonly #end = new AbortController()
  #phase: PolitePhase | undefined
  readonly #running: DrainPhase[] = []
  #stopped = false
  /** The last of `stop` and `resume`, which run one after the other. */
  #last: Promise<void> | undefined

  constructor(name: string, hook: DrainHook) {
    this.name = name
    this.#hook = hook
  }

  get unfinished(): readonly DrainPhase[] {
    return this.#running
  }

  get open(): number {
    return this.#running.length
  }

  stopAccepting(): void {
    if (this.#hook.resume !== undefined) this.#stop()
  }

  async resumeAccepting(): Promise<void> {
    if (!this.#stopped) return
    this.#stopped = false
    const { resume } = this.#hook
    if (resume !== undefined) await this.#next(resume)
  }

  start(phase: PolitePhase): void {
    this.#phase = phase
    this.#stop()
    const stopping = this.#last
    if (stopping !== undefined) this.#run('stop', () => stopping)
    const { polite } = this.#hook
    if (polite !== undefined) this.#run('polite', () => polite({ signal: this.#end.signal }))
  }

  hurry(): void {}

  force(): CutWork[] {
    this.#end.abort()
    const { forced } = this.#hook
    if (forced !== undefined) this.#run('forced', forced)
    return []
  }

  /** What the hook says is not done. */
  pending(): readonly string[] {
    try {
      return this.#hook.pending?.() ?? []
    } catch {
      return []
    }
  }

  detach(): void {
    this.#end.abort()
  }

  #stop(): void {
    const { stop } = this.#hook
    if (this.#stopped || stop === undefined) return
    this.#stopped = true
    // What it rejects with is told when the drain starts.
    this.#next(stop).catch(() => {})
  }

  /** In their order: what is still stopping when it is resumed would end up stopped. */
  #next(hook: () => void | Promise<void>): Promise<void> {
    const running = this.#last?.catch(() => {})
    const next = running === undefined ? call(hook) : running.then(() => call(hook))
    this.#last = next
    return next
  }

  #run(phase: DrainPhase, hook: () => void | Promise<void>): void {
    this.#running.push(phase)
    void call(hook)
      .catch((error) => {
        if (!this.#wasTold(error)) this.#phase!.failed(phase, error)
      })
      .finally(() => {
        this.#running.splice(this.#running.indexOf(phase), 1)
        this.#phase!.changed()
      })
  }

  /** Waits that take the signal reject when it fires: that is no failure of the hook. */
  #wasTold(error: unknown): boolean {
    const { signal } = this.#end
    return signal.aborted && (error === signal.reason || (error as Error)?.name === 'AbortError')
  }
}

// A hook that throws at once is like one that rejects.
async function call(hook: () => void | Promise<void>): Promise<void> {
  await hook()
}
