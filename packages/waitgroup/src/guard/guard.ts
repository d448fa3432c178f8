import { dispose } from '../dispose-symbols.js'
import type { Entry } from '../work/entry.js'
import { expectDone, guardWasDone } from './forgotten-guards.js'

/**
 * One piece of work in flight, from `WaitGroup.guard()`, until `done()` or the end of the scope that has it with `using`.
 *
 * A guard that is collected before it was done is done then, and a warning with the code `WAITGROUP_FORGOTTEN` tells where it
 * was made. Collection comes when it likes: this finds a mistake, and is no way to end work.
 */
export interface Guard extends Disposable {
  /** As it was given to `guard()`. */
  readonly name: string | undefined
  readonly isDone: boolean
  /** Ends the work. Again: nothing happens. */
  done(): void
}

/** @param leave Of the group that the entry is in. */
export function createGuard(entry: Entry, leave: (entry: Entry) => void, group: string | undefined): Guard {
  const guard = new EntryGuard(entry, leave)
  expectDone(guard, { entry, leave, group })
  return guard
}

class EntryGuard implements Guard {
  #entry: Entry | null
  readonly #leave: (entry: Entry) => void
  readonly name: string | undefined

  constructor(entry: Entry, leave: (entry: Entry) => void) {
    this.#entry = entry
    this.#leave = leave
    this.name = entry.name
  }

  get isDone(): boolean {
    return this.#entry === null
  }

  done(): void {
    const entry = this.#entry
    if (entry === null) return
    this.#entry = null
    guardWasDone(this)
    this.#leave(entry)
  }

  [dispose](): void {
    this.done()
  }
}
