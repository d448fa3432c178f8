import { checkKnown, checkSignal } from '../errors/invalid-argument.js'
import { checkSocketPath } from './coordination-path.js'
import { checkDuration } from './duration.js'

/** Of everything that an instance can be asked. */
export interface AskOptions {
  /** Of the coordination socket. */
  path: string
  /** For all of it. What was asked goes on when it passes. */
  timeoutMs?: number | undefined
  /** Ends the wait with an AbortError; what was asked goes on. */
  signal?: AbortSignal | undefined
}

/** Long enough for a new process that takes its time to be ready. */
export const ACTION_TIMEOUT_MS = 120_000

/** For what is answered at once. */
export const QUESTION_TIMEOUT_MS = 5_000

/** Throws for what is wrong in the options, and fills in what is absent. */
export function checkAskOptions(
  options: AskOptions,
  defaultTimeoutMs: number,
  more: readonly string[] = [],
): { path: string; timeoutMs: number; signal: AbortSignal | undefined } {
  checkKnown('options', options, ['path', 'timeoutMs', 'signal', ...more])
  const { timeoutMs = defaultTimeoutMs, signal } = options
  const path = checkSocketPath(options.path)
  checkDuration('timeoutMs', timeoutMs)
  checkSignal(signal)
  return { path, timeoutMs, signal }
}
