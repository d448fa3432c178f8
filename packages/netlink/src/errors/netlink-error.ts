import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

let systemErrors: Map<number, [string, string]> | undefined

const brand = Symbol.for('@slatfatf/netlink.NetlinkError')

export interface NetlinkErrorDetails {
  code: string
  errno?: number
  syscall?: string
  operation?: string
  hint?: string | undefined
  kernelMessage?: string | undefined
  attributeOffset?: number | undefined
  missingAttribute?: number | undefined
  attributePath?: string | undefined
  cause?: unknown
}

/**
 * What the kernel refused, or what this package could not get from it.
 *
 * Codes: the errno's name (`EPERM`, `ENODEV`, `ENOBUFS`, ...), or
 * `ERR_NETLINK_CLOSED`, `ERR_NETLINK_MALFORMED`, `ERR_NETLINK_TRUNCATED`, `ERR_NETLINK_DUMP_INTERRUPTED`,
 * `ERR_NETLINK_AMBIGUOUS_RULE`, `ERR_UNSUPPORTED_PLATFORM`.
 */
export class NetlinkError extends Error {
  readonly code: string
  /** Negative, as in Node's own errors. Absent when the kernel was not the one to refuse. */
  readonly errno?: number
  /** The system call that failed; absent when a netlink request was answered with an error. */
  readonly syscall?: string
  /** The request, for people: `RTM_NEWROUTE 203.0.113.0/24`. */
  readonly operation?: string
  /** What usually helps. */
  readonly hint?: string
  /** The kernel's own words (extended acknowledgement). */
  readonly kernelMessage?: string
  /** Where in the request, its 16-byte header included, the refused attribute begins. */
  readonly attributeOffset?: number
  /** The type of an attribute that the kernel wanted and did not find. */
  readonly missingAttribute?: number
  /** The way to the refused or missing attribute, if the request came with `attributeNames`: `CTA_TUPLE_ORIG > CTA_TUPLE_IP`. */
  readonly attributePath?: string
  readonly [brand] = true

  constructor(message: string, details: NetlinkErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'NetlinkError'
    this.code = details.code
    if (details.errno !== undefined) this.errno = details.errno
    if (details.syscall !== undefined) this.syscall = details.syscall
    if (details.operation !== undefined) this.operation = details.operation
    if (details.hint !== undefined) this.hint = details.hint
    if (details.kernelMessage !== undefined) this.kernelMessage = details.kernelMessage
    if (details.attributeOffset !== undefined) this.attributeOffset = details.attributeOffset
    if (details.missingAttribute !== undefined) this.missingAttribute = details.missingAttribute
    if (details.attributePath !== undefined) this.attributePath = details.attributePath
  }
}

/** True for a {@link NetlinkError} of any loaded copy of this package. */
export function isNetlinkError(value: unknown): value is NetlinkError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}

export interface KernelRefusal {
  kernelMessage?: string | undefined
  attributeOffset?: number | undefined
  missingAttribute?: number | undefined
  attributePath?: string | undefined
  syscall?: string
  cause?: unknown
}

/** `errno` in either sign. The kernel's text comes first, since it knows more than the number does. */
export function errnoError(errno: number, operation: string, refusal: KernelRefusal = {}): NetlinkError {
  const negative = -Math.abs(errno)
  const [code, text] = describeErrno(negative)
  const hint = refusal.syscall === undefined ? requestHint(code) : systemCallHint(code, refusal.syscall)
  const words = refusal.kernelMessage === undefined ? text : `${refusal.kernelMessage} (${text})`
  const place = refusal.attributePath === undefined ? '' : ` at ${refusal.attributePath}`
  const advice = hint === undefined ? '' : `. ${hint}`
  return new NetlinkError(`${operation}: ${words}${place} [${code}]${advice}`, {
    ...refusal,
    code,
    errno: negative,
    operation,
    hint,
  })
}

export function closedError(operation: string): NetlinkError {
  return new NetlinkError(`${operation}: the netlink socket is closed`, {
    code: 'ERR_NETLINK_CLOSED',
    operation,
  })
}

export function malformedError(what: string): NetlinkError {
  return new NetlinkError(`malformed netlink bytes: ${what}`, { code: 'ERR_NETLINK_MALFORMED' })
}

function describeErrno(errno: number): [code: string, text: string] {
  // Node makes this map anew at every call.
  systemErrors ??= getSystemErrorMap()
  const known = systemErrors.get(errno)
  if (known) return known
  const name = Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0]
  return [name ?? `ERRNO_${-errno}`, `errno ${-errno}`]
}

function requestHint(code: string): string | undefined {
  switch (code) {
    case 'EPERM':
      return 'The request needs CAP_NET_ADMIN in the user namespace that owns the network namespace'
    case 'ENODEV':
      return 'There is no such interface in this network namespace'
    case 'ENETDOWN':
      return 'The interface is down: set it up first'
    case 'ENETUNREACH':
      return 'No directly connected route leads to the gateway: add the address or the link route first'
    case 'EBUSY':
      return 'The object is in use, or another dump is running on this socket'
    case 'ENOTSUP':
      return 'This kernel lacks the feature, or the object does not allow the change'
    case 'ENOBUFS':
      return 'The receive buffer overflowed and the answer is lost: read the state back, and open with more receiveBufferBytes'
    default:
      return undefined
  }
}

function systemCallHint(code: string, syscall: string): string | undefined {
  if (code === 'EPROTONOSUPPORT') return 'The kernel has no such netlink protocol: its module is not loaded'
  if (code === 'ENOENT' && syscall === 'setns') return 'There is no network namespace at this path'
  if (code === 'EINVAL' && syscall === 'setns') return 'The path is not a network namespace'
  if (code === 'EPERM' && syscall === 'setns') return 'Entering a network namespace needs CAP_SYS_ADMIN'
  if (code === 'EPERM') return 'Joining this multicast group needs CAP_NET_ADMIN'
  if (code === 'EMSGSIZE') return 'The request is larger than the send buffer'
  if (code === 'ENOPROTOOPT') return 'The kernel is older than Linux 4.20'
  return requestHint(code)
}
