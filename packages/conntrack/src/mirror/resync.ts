import { setTimeout as sleep } from 'node:timers/promises'

/** Why a table is read. */
export type ResyncReason = 'start' | 'overrun' | 'reconcile' | 'asked'

export interface ResyncOptions {
  /** How long there shall have been no loss before the table is read. */
  quietMs: number
  ref: boolean
  read(): Promise<void>
  /** A reading is complete, and nothing was lost meanwhile. */
  done(reason: ResyncReason, milliseconds: number): void
  failed(reason: unknown): void
}

/** How many times the quiet time a reading waits at most, while losses go on. */
const PATIENCE = 10

/** One reading at a time: what is asked for meanwhile is one more reading after it, however often it was asked for. */
export class Resync {
  readonly #options: ResyncOptions
  readonly #closing = new AbortController()
  #wanted: ResyncReason | undefined
  #running: Promise<void> | undefined
  #losses = 0
  #lastMs = 0

  constructor(options: ResyncOptions) {
    this.#options = options
  }

  /** The readings under way, the one wanted after them included; undefined if there are none. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  want(reason: ResyncReason): void {
    if (this.#closing.signal.aborted) return
    if (reason === 'overrun') this.#losses++
    // The reason of a loss is told rather than that of a mere wish.
    if (this.#wanted === undefined || reason === 'overrun') this.#wanted = reason
    this.#running ??= this.#run()
  }

  close(): void {
    this.#wanted = undefined
    this.#closing.abort()
  }

  async #run(): Promise<void> {
    let reason: ResyncReason | undefined
    try {
      while (this.#wanted !== undefined) {
        // A table that is lost during each reading shall not be read without pause.
        if (this.#wanted === 'overrun') await this.#quiet(Math.max(this.#options.quietMs, this.#lastMs))
        reason ??= this.#wanted
        this.#wanted = undefined
        const start = performance.now()
        await this.#options.read()
        this.#lastMs = performance.now() - start
        if (this.#closing.signal.aborted) return
        if (this.#wanted === ('overrun' as ResyncReason | undefined)) continue
        this.#options.done(reason, this.#lastMs)
        reason = undefined
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#options.failed(error)
    } finally {
      this.#running = undefined
    }
  }

  async #quiet(milliseconds: number): Promise<void> {
    const { signal } = this.#closing
    const end = performance.now() + PATIENCE * milliseconds
    let losses: number
    do {
      losses = this.#losses
      await sleep(milliseconds, undefined, { signal, ref: this.#options.ref })
    } while (losses !== this.#losses && performance.now() < end)
  }
}
