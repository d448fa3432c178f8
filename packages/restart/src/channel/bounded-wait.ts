import { checkInteger, checkSignal } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'

const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** How long a wait may take. */
export interface WaitOptions {
  /** Gives the wait up; it rejects with the reason. */
  signal?: AbortSignal | undefined
  /** Gives the wait up with `ERR_RESTART_TIMED_OUT`. Default: no bound. */
  timeoutMs?: number | undefined
}

/** Options that every wait takes, beside its own. */
export const waitOptionNames: readonly string[] = ['signal', 'timeoutMs']

export function checkWaitOptions({ signal, timeoutMs }: WaitOptions): void {
  checkSignal(signal)
  if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, MAX_TIMEOUT_MS)
}

/**
 * A promise that `begin` settles, or a signal, or time. `begin` returns what to do if it was given up; that may not
 * throw. `operation` is for the message: "waiting for a message".
 */
export function boundedWait<T>(
  operation: string,
  { signal, timeoutMs }: WaitOptions,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    let timer: NodeJS.Timeout | undefined
    let giveUp: (() => void) | undefined
    let settled = false
    const settle = () => {
      settled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const abandon = (error: unknown) => {
      settle()
      giveUp?.()
      reject(error)
    }
    const abort = () => abandon(signal!.reason)
    giveUp = begin(
      (value) => {
        settle()
        resolve(value)
      },
      (error) => {
        settle()
        reject(error)
      },
    )
    if (settled) return
    signal?.addEventListener('abort', abort, { once: true })
    if (timeoutMs === undefined) return
    timer = setTimeout(
      () => abandon(timedOut(operation, timeoutMs)),
      // A bound of zero asks what is there already; that has been answered above.
      timeoutMs,
    )
  })
}

function timedOut(operation: string, timeoutMs: number): RestartError {
  return new RestartError(`${operation} took longer than ${timeoutMs} ms`, { code: 'ERR_RESTART_TIMED_OUT' })
}
