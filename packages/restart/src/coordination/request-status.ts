import { objectIn, requireDone } from './answer-fields.js'
import { ask } from './ask.js'
import { type AskOptions, checkAskOptions, QUESTION_TIMEOUT_MS } from './ask-options.js'
import type { InstanceStatus } from './instance-status.js'

/**
 * Asks the instance at `path` what it is and does.
 *
 * `timeoutMs` is 5,000 by default. An instance of another version of this package may tell more or less.
 *
 * Throws what {@link requestRestart} throws about the connection.
 */
export async function requestStatus(options: AskOptions): Promise<InstanceStatus> {
  const asking = checkAskOptions(options, QUESTION_TIMEOUT_MS)
  const answer = requireDone(await ask({ type: 'status' }, asking))
  return objectIn(answer, 'status') as unknown as InstanceStatus
}
