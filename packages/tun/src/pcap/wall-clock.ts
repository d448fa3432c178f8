/** Above what `Date.now()` cuts off, below what anybody would call a step of the clock. */
const STEP_MS = 20

/** The time of day with the resolution of the monotonic clock, set again whenever the system's clock was. */
export class WallClock {
  #offsetMs = 0

  /** Milliseconds since 1970, with a fraction of about a microsecond. */
  now(): number {
    const elapsed = performance.now()
    const drift = Date.now() - (elapsed + this.#offsetMs)
    if (Math.abs(drift) > STEP_MS) this.#offsetMs += drift
    return elapsed + this.#offsetMs
  }
}
