import type { FlowKey } from '../flow/flow-key.js'

const brand = Symbol.for('@slatfatf/conntrack.ConntrackError')

/** What a {@link ConntrackError} knows beside its message. */
export interface ConntrackErrorDetails {
  code: string
  errno?: number | undefined
  operation?: string | undefined
  hint?: string | undefined
  kernelMessage?: string | undefined
  attributePath?: string | undefined
  flow?: FlowKey | undefined
  collision?: 'original' | 'reply' | undefined
  cause?: unknown
}

/**
 * What the kernel refused, and what to do about it.
 *
 * Codes: the errno's name (`EPERM`, `EEXIST`, `ENOENT`, `EINVAL`, `EBUSY`, `ENOTSUP`, `ENOBUFS`, ...), those of the netlink
 * package (`ERR_NETLINK_CLOSED`, `ERR_NETLINK_MALFORMED`, ...), `ERR_CONNTRACK_TRANSLATED_REPLY`,
 * `ERR_CONNTRACK_NOT_TRACKING`, `ERR_UNSUPPORTED_PLATFORM`.
 */
export class ConntrackError extends Error {
  override readonly name = 'ConntrackError'
  readonly code: string
  /** Negative, as in Node's own errors. Absent when the kernel was not the one to refuse. */
  readonly errno: number | undefined
  /** `create`, `create many`, `update`, `delete`, `flush`, `dump`, ... */
  readonly operation: string | undefined
  /** What usually helps. */
  readonly hint: string | undefined
  /** The kernel's own words; it has some for wrong shapes only. */
  readonly kernelMessage: string | undefined
  /** The refused attribute: `CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_SRC`. */
  readonly attributePath: string | undefined
  /** Which entry it was about. */
  readonly flow: FlowKey | undefined
  /** Of `EEXIST`: which of the new entry's tuples somebody has already. */
  readonly collision: 'original' | 'reply' | undefined
  readonly [brand] = true

  constructor(message: string, details: ConntrackErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.errno = details.errno
    this.operation = details.operation
    this.hint = details.hint
    this.kernelMessage = details.kernelMessage
    this.attributePath = details.attributePath
    this.flow = details.flow
    this.collision = details.collision
  }
}

/** True for a {@link ConntrackError} of any loaded copy of this package. */
export function isConntrackError(value: unknown): value is ConntrackError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}
