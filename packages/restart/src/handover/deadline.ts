import type { HandoverEnvironment } from './environment.js'

/** A bound that can be moved, later only. */
export class Deadline {
  readonly #environment: HandoverEnvironment
  readonly #expire: () => void
  #at: number
  #cancel: () => void

  constructor(environment: HandoverEnvironment, delayMs: number, expire: () => void) {
    this.#environment = environment
    this.#expire = expire
    this.#at = environment.now() + delayMs
    this.#cancel = environment.timer(delayMs, expire)
  }

  get remainingMs(): number {
    return Math.max(0, Math.round(this.#at - this.#environment.now()))
  }

  /** At least `delayMs` from now. */
  extend(delayMs: number): void {
    const at = this.#environment.now() + delayMs
    if (at <= this.#at) return
    this.#cancel()
    this.#at = at
    this.#cancel = this.#environment.timer(delayMs, this.#expire)
  }

  clear(): void {
    this.#cancel()
  }
}
