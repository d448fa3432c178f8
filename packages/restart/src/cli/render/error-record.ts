import { failureOf } from '../../coordination/failure.js'
import type { ExitStatus } from '../exit-status.js'

/** What went wrong, as a line of JSON has it: the answer as it came, and the exit status. */
export function errorRecord(error: unknown, exitStatus: ExitStatus): object {
  return { type: 'answer', ok: false, ...failureOf(error), exitStatus }
}
