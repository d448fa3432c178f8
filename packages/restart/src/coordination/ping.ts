import { countIn, requireDone } from './answer-fields.js'
import { ask } from './ask.js'
import { type AskOptions, checkAskOptions, QUESTION_TIMEOUT_MS } from './ask-options.js'

/** Who answers. */
export interface Pong {
  pid: number
  generation: number
}

/**
 * Asks the instance at `path` whether it is there and turns its loop.
 *
 * `timeoutMs` is 5,000 by default.
 *
 * Throws what {@link requestRestart} throws about the connection.
 */
export async function ping(options: AskOptions): Promise<Pong> {
  const answer = requireDone(await ask({ type: 'ping' }, checkAskOptions(options, QUESTION_TIMEOUT_MS)))
  return { pid: countIn(answer, 'pid'), generation: countIn(answer, 'generation') }
}
