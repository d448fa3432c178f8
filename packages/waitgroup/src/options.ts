import {
  checkFunction,
  checkInteger,
  checkKnown,
  checkName,
  checkSignal,
  invalidType,
  invalidValue,
} from './errors/invalid-argument.js'
import type { ErrorPolicy } from './failures.js'
import { LONGEST_MS } from './wait/bounded-wait.js'

/** Of work that failed. */
export interface FailedWork {
  /** As it was given to `go()` or `track()`. */
  name: string | undefined
  kind: 'go' | 'track'
}

/** Options of a group inside another one. */
export interface ChildOptions {
  /**
   * When `wait()` ends: with nothing in flight (`'empty'`, the default, as Go's `sync.WaitGroup`), or when the group is closed
   * too (`'closed'`, as tokio's `TaskTracker`), so that an idle moment before the first or the last work does not end it.
   */
  waitUntil?: 'empty' | 'closed' | undefined
  /**
   * What becomes of the errors of `go()` and `track()`, once they are counted as done.
   *
   * - `'ignore'` (default): they are for whoever has the promise, and for `onError`.
   * - `'collect'`: the next `wait()` rejects with an `AggregateError` of all that came until then.
   * - `'first'`: the first one aborts the group's `signal`, and every `wait()` rejects with it, once all work has ended.
   *
   * A child without `errors` hands its own to its parent; with `errors` it keeps them.
   */
  errors?: ErrorPolicy | undefined
  /**
   * Called with each error, after it was counted, whatever `errors` says: the place for a log line. A child without one has
   * its parent's. What it throws is thrown outside of the group, as an uncaught exception.
   */
  onError?: ((error: unknown, work: FailedWork) => void) | undefined
  /** Aborts the group's `signal` when it aborts. A group that nobody has any more is not kept by it. */
  signal?: AbortSignal | undefined
  /** How long `await using` waits at the end of its scope, in milliseconds. Default 30,000. */
  disposeTimeoutMs?: number | undefined
}

export interface WaitGroupOptions extends ChildOptions {
  /** Stands before the names of its work in `pending()` and in errors. */
  name?: string | undefined
}

const CHILD_OPTIONS = ['waitUntil', 'errors', 'onError', 'signal', 'disposeTimeoutMs']

export const DISPOSE_TIMEOUT_MS = 30_000

export function checkOptions(options: WaitGroupOptions): void {
  checkKnown('options', options, ['name', ...CHILD_OPTIONS])
  checkName(options.name)
  checkRest(options)
}

export function checkChildOptions(options: ChildOptions): void {
  checkKnown('options', options, CHILD_OPTIONS)
  checkRest(options)
}

function checkRest({ waitUntil, errors, onError, signal, disposeTimeoutMs }: ChildOptions): void {
  checkChoice('waitUntil', waitUntil, ['empty', 'closed'])
  checkChoice('errors', errors, ['ignore', 'collect', 'first'])
  if (onError !== undefined) checkFunction('onError', onError)
  checkSignal(signal)
  if (disposeTimeoutMs !== undefined) checkInteger('disposeTimeoutMs', disposeTimeoutMs, LONGEST_MS)
}

function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  if (!choices.includes(value)) throw invalidValue(name, choices.join(', '), value)
}
