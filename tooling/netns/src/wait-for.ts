import { setTimeout as delay } from 'node:timers/promises'
import { NetnsError } from './netns-error.js'

export interface WaitOptions {
  /** Default 5,000 ms. */
  readonly timeoutMs?: number
  /** What is waited for, for the error message. */
  readonly message?: string
  readonly signal?: AbortSignal
}

/**
 * Polls until the condition gives a truthy value, and resolves with that value.
 *
 * A condition that throws counts as not yet met; the last error is the `cause` at the deadline.
 * Rejects with `ERR_TIMEOUT`, or with the abort reason when `signal` fires.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5_000, message = 'the condition', signal } = options
  signal?.throwIfAborted()
  const stop = new AbortController()
  const end = () => stop.abort()
  const deadline = setTimeout(end, timeoutMs)
  signal?.addEventListener('abort', end, { once: true })
  // A condition may itself hang, so each wait races with the end.
  const stopped = new Promise<undefined>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  let cause: unknown
  let pauseMs = 5
  try {
    while (!stop.signal.aborted) {
      try {
        const value = await Promise.race([condition(), stopped])
        if (value) return value
      } catch (error) {
        cause = error
      }
      await Promise.race([delay(pauseMs), stopped])
      pauseMs = Math.min(pauseMs * 2, 50)
    }
  } finally {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', end)
  }
  signal?.throwIfAborted()
  const last = cause instanceof Error ? `; last error: ${cause.message}` : ''
  throw new NetnsError('ERR_TIMEOUT', `waited ${timeoutMs} ms in vain for ${message}${last}`, { cause })
}
