import type { Linked } from './linked-list.js'

/**
 * Work that came in between two calls of `settled()`. All of it shares one count, so that work which ends has one number to
 * change, however many wait.
 */
export class Cohort implements Linked<Cohort> {
  /** Entries in flight. */
  left = 0
  /** Counts of `add()` were there when it was sealed, and have not been at zero since. */
  awaitsAdds = false
  /** Called when this cohort and all before it are done. Null: still open, nobody waits yet. */
  onDone: (() => void) | null = null
  /** `onDone` was called. */
  isOver = false
  /** Who counts for it, since nobody waits for what lies between them any more. */
  mergedInto: Cohort | null = null
  previous: Cohort | null = null
  next: Cohort | null = null
}

/** The cohort that counts what came in with `cohort`. */
export function livingCohort(cohort: Cohort): Cohort {
  let living = cohort
  while (living.mergedInto !== null) living = living.mergedInto
  // Whoever asks next has one step.
  for (let each = cohort; each !== living; ) {
    const next = each.mergedInto!
    each.mergedInto = living
    each = next
  }
  return living
}
