import { Cohort, livingCohort } from './cohort.js'
import { Entry } from './entry.js'
import { LinkedList } from './linked-list.js'
import type { PendingWork } from './pending.js'

/** What is in flight in one group, without its children: a number, and a list of entries in the order they came. */
export class WorkList {
  /** `add()` less `done()`. */
  adds = 0
  readonly entries = new LinkedList<Entry>()
  #entryCount = 0
  /** Those that `settled()` waits for, and behind them the one that work joins. */
  readonly #cohorts = new LinkedList<Cohort>()

  constructor() {
    this.#cohorts.append(new Cohort())
  }

  get size(): number {
    return this.adds + this.#entryCount
  }

  /** To be told when `adds` went to zero. */
  addsEnded(): void {
    if (this.#cohorts.first === this.#cohorts.last) return
    for (const cohort of this.#cohorts) cohort.awaitsAdds = false
    this.#advance()
  }

  join(kind: PendingWork['kind'], name: string | undefined): Entry {
    const cohort = this.#cohorts.last!
    const entry = new Entry(kind, name, performance.now(), cohort)
    cohort.left += 1
    this.#entryCount += 1
    this.entries.append(entry)
    return entry
  }

  /** Once for each entry. */
  leave(entry: Entry): void {
    this.entries.remove(entry)
    this.#entryCount -= 1
    const cohort = livingCohort(entry.cohort)
    cohort.left -= 1
    if (cohort.left === 0) this.#advance()
  }

  /**
   * Calls back once when all that is in flight now is done. Which of the counts of `add()` a `done()` ends nobody knows, so
   * these are done when all of `add()` has been at zero: perhaps late, never early.
   *
   * @returns What takes the callback back.
   */
  whenSettled(onDone: () => void): () => void {
    const sealed = this.#cohorts.last!
    sealed.onDone = onDone
    sealed.awaitsAdds = this.adds > 0
    this.#cohorts.append(new Cohort())
    this.#advance()
    return () => this.#withdraw(sealed)
  }

  #advance(): void {
    for (const cohort of this.#cohorts) {
      if (cohort.onDone === null || cohort.left > 0 || cohort.awaitsAdds) return
      this.#cohorts.remove(cohort)
      cohort.isOver = true
      cohort.onDone()
    }
  }

  /**
   * Takes the place of the one behind it, so that calls which are given up again and again leave nothing behind. The older one
   * stays, as work that never ends has it.
   */
  #withdraw(sealed: Cohort): void {
    const cohort = livingCohort(sealed)
    if (cohort.isOver) return
    const next = cohort.next!
    cohort.left += next.left
    cohort.onDone = next.onDone
    cohort.awaitsAdds = next.awaitsAdds
    next.onDone = null
    next.mergedInto = cohort
    this.#cohorts.remove(next)
  }
}
