/** What becomes of the errors of `go()` and `track()`. */
export type ErrorPolicy = 'ignore' | 'collect' | 'first'

/** The errors of one group, by its policy. */
export class Failures {
  #gathered: unknown[] = []

  constructor(readonly policy: ErrorPolicy) {}

  /** Returns true if this one is to stop the others. */
  note(error: unknown): boolean {
    if (this.policy === 'ignore') return false
    const first = this.policy === 'first'
    if (first && this.#gathered.length > 0) return false
    this.#gathered.push(error)
    return first
  }

  /**
   * What the waits that end now are told: nothing, or the error in a list of its own. The first error stays, as the signal
   * stays aborted; those that were collected are told once.
   */
  take(group: string | undefined): [error: unknown] | undefined {
    if (this.#gathered.length === 0) return undefined
    if (this.policy === 'first') return [this.#gathered[0]]
    const errors = this.#gathered
    this.#gathered = []
    const where = group === undefined ? '' : ` in ${group}`
    return [new AggregateError(errors, `${errors.length} failed${where}`)]
  }
}
