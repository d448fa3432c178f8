import { requireDone, resultIn } from './answer-fields.js'
import { ask } from './ask.js'
import { ACTION_TIMEOUT_MS, type AskOptions, checkAskOptions } from './ask-options.js'
import type { RestartResult } from './protocol.js'

/**
 * Asks the instance at `path` to give back to its predecessor, which is possible while that is held; resolves to the
 * process that serves afterwards.
 *
 * `timeoutMs` is 120,000 by default.
 *
 * Throws what {@link requestRestart} throws about the connection, and what the instance refuses, with its own code.
 */
export async function requestRollback(options: AskOptions): Promise<RestartResult> {
  const asking = checkAskOptions(options, ACTION_TIMEOUT_MS)
  return resultIn(requireDone(await ask({ type: 'rollback' }, asking)))
}
