import { checkFunction, invalidValue } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import { requireDone, resultIn } from './answer-fields.js'
import { ask } from './ask.js'
import { ACTION_TIMEOUT_MS, type AskOptions, checkAskOptions } from './ask-options.js'
import { isCount, isOneOf } from './json-object.js'
import { BUSY, type Busy, type Progress, type RestartResult } from './protocol.js'
import { checkValidation, type Validation, validate } from './validation.js'

/** Options of {@link requestRestart}. */
export interface RequestRestartOptions extends AskOptions {
  /** Default 120,000 ms; validation counts. */
  timeoutMs?: number | undefined
  /** Run first: nothing is asked if it fails. */
  validate?: Validation | undefined
  /** Told of each step, in order. What it throws ends the wait, not the restart. */
  onProgress?: ((progress: Progress) => void) | undefined
  /** What is wanted while a restart runs already. Default: what the instance was opened with, `share` if nothing. */
  busy?: Busy | undefined
}

/** A restart that went well, for one of those who asked. */
export interface RestartAnswer extends RestartResult {
  /**
   * The restart had begun so long before it was asked for here, since another asker wanted it too. What changed since
   * then may not be in it.
   */
  beganBeforeMs?: number
}

/**
 * Asks the instance at `path` to restart, and resolves when the new process has taken over.
 *
 * Whoever asks may end at any time: the restart goes on. Nothing is asked of an instance that does not take the
 * connection within ten seconds.
 *
 * Throws RestartError: `ERR_RESTART_CONFIG_INVALID`, `ERR_RESTART_NOT_LISTENING`, `ERR_RESTART_NOT_PERMITTED`,
 * `ERR_RESTART_NOT_ANSWERING`, `EMFILE` and other errnos (nothing was asked); `ERR_RESTART_BUSY`; `ERR_RESTART_NO_ANSWER`,
 * `ERR_RESTART_CONNECTION_LOST` (the outcome is unknown); `ERR_RESTART_MALFORMED`, `ERR_RESTART_VERSION` (another
 * program, or another version of this one); and with its own code what the instance says went wrong, with `stage`, and
 * `exit` and `stderr` of the new process. AbortError; TypeError `ERR_INVALID_ARG_TYPE`, RangeError
 * `ERR_INVALID_ARG_VALUE`.
 */
export async function requestRestart(options: RequestRestartOptions): Promise<RestartAnswer> {
  const { path, timeoutMs, signal } = checkAskOptions(options, ACTION_TIMEOUT_MS, [
    'validate',
    'onProgress',
    'busy',
  ])
  const { validate: validation, onProgress, busy } = options
  if (validation !== undefined) checkValidation(validation)
  if (onProgress !== undefined) checkFunction('onProgress', onProgress)
  if (busy !== undefined && !isOneOf(busy, BUSY))
    throw invalidValue('busy', `one of ${BUSY.join(', ')}`, busy)

  const deadline = performance.now() + timeoutMs
  const leftMs = () => Math.max(0, Math.round(deadline - performance.now()))
  if (validation !== undefined) {
    onProgress?.({ stage: 'validating' })
    await validate(validation, { timeoutMs: leftMs(), signal })
  }
  onProgress?.({ stage: 'connecting' })
  const once = (busy: Busy | undefined) => {
    if (leftMs() === 0) throw tooLate(timeoutMs)
    const request = { type: 'restart', ...(busy !== undefined && { busy }) } as const
    return ask(request, { path, timeoutMs: leftMs(), signal, onProgress })
  }
  const answer = await once(busy)
  if (busy !== 'wait' || answer.ok || !answer.again) {
    const done = requireDone(answer)
    const { beganBeforeMs } = done
    return { ...resultIn(done), ...(isCount(beganBeforeMs) && { beganBeforeMs }) }
  }
  // What runs by now began after it was asked for here: others that waited may have been first to ask again.
  return resultIn(requireDone(await once('share')))
}

function tooLate(timeoutMs: number): RestartError {
  return new RestartError(`${timeoutMs} ms had passed before the restart could be asked for`, {
    code: 'ERR_RESTART_NOT_ANSWERING',
    stage: 'connecting',
    hint: 'Allow more time, or see why the configuration or another restart took so long',
  })
}
