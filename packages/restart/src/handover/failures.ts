import { isRestartError, RestartError } from '../errors/restart-error.js'
import type { Offspring, ProcessExit } from './environment.js'
import { CHANNEL_FD, CHANNEL_VARIABLE, HANDOVER_PROTOCOL } from './messages.js'

/** Where a restart was when it failed; the stages that an asker is told. */
export type RestartStage = 'spawning' | 'starting' | 'handing-over' | 'waiting' | 'holding' | 'ready'

/** What the error of a failed restart knows beside `code`, `stage` and `hint`. */
export interface RestartFailureDetails {
  /** How the new version ended, if it did. */
  exit?: ProcessExit
  /** The last lines that it wrote to its standard error. */
  stderr?: string[]
}

const NO_HELLO = `The program never used the channel that it was started with: does it call openInstance(), and does a wrapper \
around it keep ${CHANNEL_VARIABLE} and descriptor ${CHANNEL_FD}?`

/** Adds where it happened and what the new version left behind. The error that was thrown stays the same one. */
export function withDetails(
  error: Error,
  stage: RestartStage,
  offspring: Offspring | undefined,
  exit: ProcessExit | undefined,
  undoError: Error | undefined,
): Error {
  const { code = 'ERR_RESTART_FAILED' } = error as { code?: string }
  const failure = isRestartError(error) ? error : new RestartError(error.message, { code, cause: error })
  const details: RestartFailureDetails & { stage?: string; hint?: string } = {}
  if (undoError)
    details.hint = [failure.hint, `undo() failed too: ${undoError.message}`].filter(Boolean).join('. ')
  if (failure.stage === undefined) details.stage = stage
  if (exit) details.exit = exit
  const stderr = offspring?.stderrLines() ?? []
  if (stderr.length > 0) details.stderr = stderr
  return Object.assign(failure, details)
}

const WHEN: Partial<Record<RestartStage, string>> = { holding: 'in the hold', ready: 'while it took over' }

/** What the new version wrote says more than any hint. */
export function childExited(
  exit: ProcessExit,
  stage: RestartStage,
  greeted: boolean,
  wrote: boolean,
): RestartError {
  const how = exit.signal === null ? `exited with status ${exit.code}` : `was ended by ${exit.signal}`
  return new RestartError(`the new version ${how} ${WHEN[stage] ?? 'before it was ready'}`, {
    code: 'ERR_RESTART_CHILD_EXITED',
    hint: hintForExit(exit, greeted, wrote),
  })
}

function hintForExit({ code }: ProcessExit, greeted: boolean, wrote: boolean): string | undefined {
  if (!greeted && (code === 0 || !wrote)) return NO_HELLO
  if (code === 0)
    return 'It ended by itself: does it call ready(), and is there something that keeps it alive?'
  return wrote ? undefined : 'It wrote nothing to its standard error'
}

/** The words of the new version come through unchanged. */
export function childFailed(words: string, code: string | undefined): RestartError {
  return new RestartError(words, {
    code: 'ERR_RESTART_CHILD_FAILED',
    ...(code !== undefined && { cause: Object.assign(new Error(words), { code }) }),
  })
}

export function channelClosed(greeted: boolean): RestartError {
  return new RestartError('the new version closed its channel before it was ready', {
    code: 'ERR_RESTART_CHANNEL_CLOSED',
    hint: greeted ? 'Something in the program closes descriptors that it did not open' : NO_HELLO,
  })
}

export function readyTimeout(timeoutMs: number, stage: RestartStage, greeted: boolean): RestartError {
  return new RestartError(`the new version was not ready within ${timeoutMs} ms`, {
    code: 'ERR_RESTART_READY_TIMEOUT',
    stage,
    hint: greeted ? 'Raise readyTimeoutMs, or call extendReady() while it starts' : NO_HELLO,
  })
}

export function commitTimeout(timeoutMs: number): RestartError {
  return new RestartError(`the new version said that it is ready, then nothing for ${timeoutMs} ms`, {
    code: 'ERR_RESTART_READY_TIMEOUT',
    stage: 'ready',
  })
}

export function wrongVersion(who: string, theirs: number): RestartError {
  return new RestartError(
    `${who} speaks version ${theirs} of the hand-over, this process version ${HANDOVER_PROTOCOL}`,
    {
      code: 'ERR_RESTART_PROTOCOL_VERSION',
      hint: 'Stop the service and start it once: these releases of @slatfatf/restart cannot follow each other',
    },
  )
}

export function descriptorLimit(needed: number, free: number): RestartError {
  return new RestartError(
    `the new version has room for ${free} more descriptors, ${needed} were to be handed over`,
    {
      code: 'ERR_RESTART_DESCRIPTOR_LIMIT',
      hint: 'Raise its limit of open files: LimitNOFILE= in the unit, ulimit -n in a shell',
    },
  )
}

export function descriptorsLost(sent: number, received: number): RestartError {
  return new RestartError(`${sent} descriptors were sent, the new version received ${received}`, {
    code: 'ERR_RESTART_DESCRIPTORS_LOST',
  })
}

export function stateFailed(why: string, cause?: unknown): RestartError {
  return new RestartError(`the state could not be handed over: ${why}`, {
    code: 'ERR_RESTART_STATE_FAILED',
    stage: 'handing-over',
    cause,
  })
}

export function rolledBack(): RestartError {
  return new RestartError('the restart was taken back on request', { code: 'ERR_RESTART_ROLLED_BACK' })
}

export function cancelled(why: string): RestartError {
  return new RestartError(`the restart was cancelled: ${why}`, { code: 'ERR_RESTART_CANCELLED' })
}
