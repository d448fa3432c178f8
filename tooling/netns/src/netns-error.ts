import { withoutOwnFrames } from './stack.js'

const brand = Symbol.for('slatfatf.netns.NetnsError')

/**
 * What a lab could not do.
 *
 * - `ERR_COMMAND_FAILED`: a command ended with a status other than 0, or could not be started.
 * - `ERR_PROCESS_ENDED`: a process or child ended while something was still expected of it.
 * - `ERR_TIMEOUT`: a deadline passed; what was waited for has been killed if it was a process.
 * - `ERR_LAB_CLOSED`: the lab was used after `close()`.
 * - `ERR_MISSING_CAPABILITY`: the machine lacks something the tests need; `hint` has the fix.
 * - `ERR_UNSUPPORTED_PLATFORM`: not Linux.
 */
export type NetnsErrorCode =
  | 'ERR_COMMAND_FAILED'
  | 'ERR_PROCESS_ENDED'
  | 'ERR_TIMEOUT'
  | 'ERR_LAB_CLOSED'
  | 'ERR_MISSING_CAPABILITY'
  | 'ERR_UNSUPPORTED_PLATFORM'

export interface NetnsErrorDetails {
  readonly exitCode?: number | null
  readonly signal?: string | null
  readonly stdout?: string
  readonly stderr?: string
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** The one error class of the kit; `message` is complete enough to be read in a CI log. */
export class NetnsError extends Error {
  override readonly name = 'NetnsError'
  readonly code: NetnsErrorCode
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly hint: string | undefined

  constructor(code: NetnsErrorCode, message: string, details: NetnsErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.exitCode = details.exitCode ?? null
    this.signal = details.signal ?? null
    this.stdout = details.stdout ?? ''
    this.stderr = details.stderr ?? ''
    this.hint = details.hint
    Object.defineProperty(this, brand, { value: true })
    this.stack = withoutOwnFrames(this.stack)
  }
}

/** True for a `NetnsError`, also for one made by another copy of this module. */
export function isNetnsError(value: unknown): value is NetnsError {
  return typeof value === 'object' && value !== null && brand in value
}
