import type { Cohort } from './cohort.js'
import type { Linked } from './linked-list.js'
import type { PendingWork } from './pending.js'

/** One piece of work that somebody can name. */
export class Entry implements Linked<Entry> {
  previous: Entry | null = null
  next: Entry | null = null

  constructor(
    readonly kind: PendingWork['kind'],
    readonly name: string | undefined,
    /** Of `performance.now()`. */
    readonly since: number,
    readonly cohort: Cohort,
  ) {}
}
