import { identify, kindOf } from './change-kinds.js'
import type { ChangeTools } from './changes/change-kind.js'
import { HostError } from './host-error.js'
import type { HostJournal, JournalEntry } from './host-journal.js'

/**
 * Undoes entries of the journal, the last one first, and forgets each that is undone.
 *
 * A step that fails does not keep the others from being undone, with one exception: without the local table at its first place,
 * nothing else is touched.
 *
 * @throws {HostError} `ERR_HOST_REMOVE`, with every failure in an AggregateError as its cause
 */
export async function undoChanges(
  journal: HostJournal,
  entries: readonly JournalEntry[],
  tools: ChangeTools,
): Promise<void> {
  const failures: Error[] = []
  for (const entry of [...entries].reverse()) {
    try {
      await kindOf(entry.change).undo(entry.change, entry.before, tools)
      await journal.forget(entry)
    } catch (cause) {
      failures.push(new Error(`cannot undo ${identify(entry.change)}`, { cause }))
      if (entry.change.kind === 'local-last') break
    }
  }
  if (failures.length === 0) return
  const message = failures
    .map((failure) => `${failure.message}: ${(failure.cause as Error).message}`)
    .join('; ')
  throw new HostError('ERR_HOST_REMOVE', message, { cause: new AggregateError(failures) })
}
