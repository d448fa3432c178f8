const brand = Symbol.for('@slatfatf/tun.TunError')

/** What a {@link TunError} knows beside its message. */
export interface TunErrorFields {
  code: string
  errno?: number | undefined
  syscall?: string | undefined
  device?: string | undefined
  hint?: string | undefined
  cause?: unknown
}

/**
 * What the system refused, on which device, and what to do about it.
 *
 * `code` is an errno name (`EBUSY`, `EPERM`, `ENOENT` …) or `ERR_TUN_CLOSED`, `ERR_TUN_WATCHED`. `errno` is
 * negative, as in Node's own errors, `syscall` names the request too: `ioctl(TUNSETIFF)`.
 */
export class TunError extends Error {
  override readonly name = 'TunError'
  readonly code: string
  readonly errno: number | undefined
  readonly syscall: string | undefined
  readonly device: string | undefined
  /** One sentence on what is likely missing, if there is one. */
  readonly hint: string | undefined
  readonly [brand] = true

  constructor(message: string, fields: TunErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = fields.code
    this.errno = fields.errno
    this.syscall = fields.syscall
    this.device = fields.device
    this.hint = fields.hint
  }
}

/** Whether `error` is a {@link TunError}, of this copy of the package or another one. */
export function isTunError(error: unknown): error is TunError {
  return typeof error === 'object' && error !== null && brand in error
}
