import { formatPending } from '../work/format-pending.js'
import type { PendingWork } from '../work/pending.js'

const brand = Symbol.for('@slatfatf/waitgroup.WaitGroupError')

export type WaitGroupErrorCode = 'ERR_WAITGROUP_CLOSED' | 'ERR_WAITGROUP_NEGATIVE' | 'ERR_WAITGROUP_TIMEOUT'

/**
 * What a group refused, or a wait that was not over in time.
 *
 * Codes: `ERR_WAITGROUP_CLOSED` (work for a closed group), `ERR_WAITGROUP_NEGATIVE` (more `done()` than `add()`),
 * `ERR_WAITGROUP_TIMEOUT` (always a {@link WaitTimeoutError}).
 */
export class WaitGroupError extends Error {
  readonly code: WaitGroupErrorCode
  /** The path of the group: its name behind those of its parents. Absent where none of them has a name. */
  declare readonly group?: string
  /** What usually helps. */
  declare readonly hint?: string
  readonly [brand] = true

  constructor(
    message: string,
    details: { code: WaitGroupErrorCode; group?: string | undefined; hint?: string | undefined },
  ) {
    super(message)
    this.name = 'WaitGroupError'
    this.code = details.code
    if (details.group !== undefined) this.group = details.group
    if (details.hint !== undefined) this.hint = details.hint
  }
}

/** A wait that was not over after `timeoutMs`. Nothing was stopped: what is left goes on, and is still counted. */
export class WaitTimeoutError extends WaitGroupError {
  declare readonly code: 'ERR_WAITGROUP_TIMEOUT'
  readonly timeoutMs: number
  /** What was in flight at that moment, as `pending()` tells it. The message has the oldest of it. */
  readonly left: readonly PendingWork[]

  constructor(timeoutMs: number, left: readonly PendingWork[], group: string | undefined, open: boolean) {
    const what =
      left.length > 0 ? formatPending(left) : open ? 'nothing, but it is not closed' : 'nothing any more'
    super(`${describe(group)} was not done after ${timeoutMs} ms; left: ${what}`, {
      code: 'ERR_WAITGROUP_TIMEOUT',
      group,
      hint: left.length === 0 && open ? 'Call close() when no more work will come' : undefined,
    })
    this.name = 'WaitTimeoutError'
    this.timeoutMs = timeoutMs
    this.left = left
  }
}

/** True for a {@link WaitGroupError} of any loaded copy of this package. */
export function isWaitGroupError(value: unknown): value is WaitGroupError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}

/** True for a {@link WaitTimeoutError} of any loaded copy of this package. */
export function isWaitTimeoutError(value: unknown): value is WaitTimeoutError {
  return isWaitGroupError(value) && value.code === 'ERR_WAITGROUP_TIMEOUT'
}

export function closedError(call: string, group: string | undefined): WaitGroupError {
  return new WaitGroupError(`${call}: ${describe(group)} is closed`, {
    code: 'ERR_WAITGROUP_CLOSED',
    group,
    hint: 'Ask tryGuard(), which is null then, where work may come late',
  })
}

export function negativeError(n: number, adds: number, group: string | undefined): WaitGroupError {
  return new WaitGroupError(`done(${n}): of what was added to ${describe(group)}, ${adds} is left`, {
    code: 'ERR_WAITGROUP_NEGATIVE',
    group,
    hint: 'guard() may be done twice, and go() and track() are done by themselves',
  })
}

function describe(group: string | undefined): string {
  return group === undefined ? 'the group' : `the group ${group}`
}
