import { closeSync } from 'node:fs'
import { binding } from '../src/binding.js'
import type { DrainEnvironment } from '../src/drain/drain-environment.js'

/** Time that passes only when a test says so. */
export class ManualClock implements DrainEnvironment {
  #now = 0
  readonly #due: { at: number; run: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    const entry = { at: this.#now + delayMs, run }
    this.#due.push(entry)
    return () => {
      const place = this.#due.indexOf(entry)
      if (place >= 0) this.#due.splice(place, 1)
    }
  }

  /** How many delays are running. */
  get waiting(): number {
    return this.#due.length
  }

  /** Runs what falls due within the time, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#due.splice(this.#due.indexOf(next), 1)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = end
  }

  duplicateFd(fd: number): number {
    return binding().duplicateFd(fd)
  }

  closeFd(fd: number): void {
    closeSync(fd)
  }
}
