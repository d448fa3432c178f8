import { objectIn, requireDone } from './answer-fields.js'
import { ask } from './ask.js'
import { ACTION_TIMEOUT_MS, type AskOptions, checkAskOptions } from './ask-options.js'
import { checkDuration } from './duration.js'

/** Options of {@link requestStop}. */
export interface RequestStopOptions extends AskOptions {
  /** How long the instance may finish its work. Default: as it was opened with. */
  drainTimeoutMs?: number | undefined
}

/**
 * Asks the instance at `path` to finish its work and end, and resolves to its report of that.
 *
 * `timeoutMs` is 120,000 by default. The process may still be there for a moment afterwards.
 *
 * Throws what {@link requestRestart} throws about the connection, and what the instance refuses, with its own code.
 */
export async function requestStop(options: RequestStopOptions): Promise<Record<string, unknown>> {
  const asking = checkAskOptions(options, ACTION_TIMEOUT_MS, ['drainTimeoutMs'])
  const { drainTimeoutMs } = options
  if (drainTimeoutMs !== undefined) checkDuration('drainTimeoutMs', drainTimeoutMs)
  const answer = await ask({ type: 'stop', ...(drainTimeoutMs !== undefined && { drainTimeoutMs }) }, asking)
  return objectIn(requireDone(answer), 'report')
}
