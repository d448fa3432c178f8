import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

/** What neither libuv nor `os.constants` has, and the calls of this package meet. */
const linuxOnly: Record<number, [code: string, text: string] | undefined> = {
  [-109]: ['ETOOMANYREFS', 'too many descriptors are on their way'],
}

let systemErrors: Map<number, [string, string]> | undefined

const brand = Symbol.for('@slatfatf/restart.RestartError')

/** What a {@link RestartError} knows beside its message; see there. */
export interface RestartErrorDetails {
  code: string
  errno?: number | undefined
  syscall?: string | undefined
  stage?: string | undefined
  hint?: string | undefined
  exit?: ProcessEnd | undefined
  stderr?: readonly string[] | undefined
  cause?: unknown
}

/** How a process ended: one of the two is null. */
export interface ProcessEnd {
  code: number | null
  signal: string | null
}

/**
 * What the system, the other process or the service manager refused.
 *
 * `code` is the errno's name (`EADDRINUSE`, `EACCES`, ...) or one that begins with `ERR_RESTART_`;
 * `ERR_UNSUPPORTED_PLATFORM` where there is no addon.
 */
export class RestartError extends Error {
  readonly code: string
  /** Negative, as in Node's own errors. Absent when the kernel was not the one to refuse. */
  declare readonly errno?: number
  /** The system call that failed. */
  declare readonly syscall?: string
  /** How far the restart had come: `spawning`, `waiting`, ... */
  declare readonly stage?: string
  /** What to do about it. */
  declare readonly hint?: string
  /** How the new version ended, if that is why the restart failed. */
  declare readonly exit?: ProcessEnd
  /** The last lines that the new version wrote to its standard error. */
  declare readonly stderr?: readonly string[]

  constructor(message: string, details: RestartErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'RestartError'
    this.code = details.code
    if (details.errno !== undefined) this.errno = details.errno
    if (details.syscall !== undefined) this.syscall = details.syscall
    if (details.stage !== undefined) this.stage = details.stage
    if (details.hint !== undefined) this.hint = details.hint
    if (details.exit !== undefined) this.exit = details.exit
    if (details.stderr !== undefined) this.stderr = details.stderr
  }

  get [brand](): true {
    return true
  }
}

/** True for a {@link RestartError} of any loaded copy of this package. */
export function isRestartError(value: unknown): value is RestartError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}

/** `errno` in either sign; `operation` says what was tried: `listen on 127.0.0.1 port 80`. */
export function errnoError(
  errno: number,
  operation: string,
  hint?: string | undefined,
  details: { syscall?: string | undefined; stage?: string | undefined; cause?: unknown } = {},
): RestartError {
  const negative = -Math.abs(errno)
  const [code, text] = describeErrno(negative)
  const advice = hint ?? hintFor(code)
  const ending = advice === undefined ? '' : `. ${advice}`
  return new RestartError(`Cannot ${operation}: ${text} [${code}]${ending}`, {
    ...details,
    code,
    errno: negative,
    hint: advice,
  })
}

/** The {@link RestartError} for what the addon threw; anything that is no errno is returned as it is. */
export function systemError(error: unknown, operation: string, hint?: string | undefined): Error {
  const { errno, syscall } = error as NodeJS.ErrnoException
  if (errno === undefined || isRestartError(error)) return error as Error
  return errnoError(errno, operation, hint, { syscall, cause: error })
}

function describeErrno(errno: number): [code: string, text: string] {
  // Node makes this map anew at every call.
  systemErrors ??= getSystemErrorMap()
  const known = systemErrors.get(errno)
  if (known !== undefined) return known
  const own = linuxOnly[errno]
  if (own !== undefined) return own
  const name = Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0]
  return [name ?? `ERRNO_${-errno}`, `errno ${-errno}`]
}

function hintFor(code: string): string | undefined {
  switch (code) {
    case 'EMFILE':
      return 'The process may not open more descriptors: ulimit -n, or LimitNOFILE= in the unit'
    case 'ENFILE':
      return 'The system may not open more descriptors: sysctl fs.file-max'
    case 'ETOOMANYREFS':
      return 'Descriptors that were sent wait to be received; their number is bounded by the limit of open files'
    case 'ENOSPC':
      return 'The file system is full: df, and for memory files: free'
    default:
      return undefined
  }
}
