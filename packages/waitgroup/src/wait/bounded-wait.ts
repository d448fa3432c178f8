import { checkInteger, checkKnown, checkSignal } from '../errors/invalid-argument.js'
import { onAbort } from './abort-listeners.js'

export interface WaitOptions {
  /** Ends the wait, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Ends the wait, which rejects with a `WaitTimeoutError`. Milliseconds, a whole number; none by default. */
  timeoutMs?: number | undefined
}

/** The most that setTimeout takes. */
export const LONGEST_MS = 2 ** 31 - 1

/** How a wait ends; only the first call counts. */
export interface WaitEnd {
  resolve(): void
  reject(error: unknown): void
}

/**
 * A promise that is bounded by time and signal, and leaves neither a timer nor a listener behind.
 *
 * @param begin Registers the end, and returns what takes it back, or undefined if it has ended already.
 */
export function boundedWait(
  options: WaitOptions,
  begin: (end: WaitEnd) => (() => void) | undefined,
  timeoutError: (timeoutMs: number) => unknown,
): Promise<void> {
  checkKnown('options', options, ['signal', 'timeoutMs'])
  const { signal, timeoutMs } = options
  checkSignal(signal)
  if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, LONGEST_MS)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    let stopListening: (() => void) | undefined
    const clear = () => {
      clearTimeout(timer)
      stopListening?.()
    }
    const withdraw = begin({
      resolve() {
        clear()
        resolve()
      },
      reject(error) {
        clear()
        reject(error)
      },
    })
    if (withdraw === undefined) return
    const giveUp = (error: unknown) => {
      withdraw()
      clear()
      reject(error)
    }
    if (timeoutMs !== undefined) timer = setTimeout(() => giveUp(timeoutError(timeoutMs)), timeoutMs)
    if (signal !== undefined) stopListening = onAbort(signal, () => giveUp(signal.reason))
  })
}
