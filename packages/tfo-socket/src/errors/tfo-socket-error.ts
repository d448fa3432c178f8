const brand = Symbol.for('@slatfatf/tfo-socket/TfoSocketError')

/** What a {@link TfoSocketError} knows about the refusal. Absent means that it does not apply. */
export interface TfoSocketErrorDetails {
  code: string
  errno?: number
  syscall?: string
  hint?: string
  full?: boolean
  protocol?: 'tcp' | 'udp' | 'icmp'
  address?: string
  firstPort?: number
  lastPort?: number
  remoteAddress?: string
  remotePort?: number
  cause?: unknown
}

/**
 * What the system refused, and on what.
 *
 * `code` is the kernel's own name for the refusal (`EADDRINUSE`, `EPERM`, ...) or one of this package:
 *
 * - `ERR_PORT_OUTSIDE_RANGE`: `net.ipv4.ip_local_port_range` does not cover the ports.
 * - `ERR_PORT_RESERVED`: `net.ipv4.ip_local_reserved_ports` keeps the kernel from picking some of the ports.
 * - `ERR_FAST_OPEN_SUSPENDED`: the kernel suspects a black hole for Fast Open, and sent an ordinary SYN at once.
 * - `ERR_RELEASED`: the reservation holds nothing any more.
 * - `ERR_NOT_A_RESERVATION`: a descriptor is not what its record says.
 * - `ERR_UNSUPPORTED_PLATFORM`: this is not Linux.
 */
export class TfoSocketError extends Error {
  override readonly name = 'TfoSocketError'
  readonly code: string
  /** Negative, as in Node's own errors. */
  declare readonly errno?: number
  /** The system call, with its option if it has one: `bind`, `connect`, `setsockopt(SO_MARK)`. */
  declare readonly syscall?: string
  /** What to do about it, where that is known: a command, a capability, a kernel version. */
  declare readonly hint?: string
  /**
   * Every port of the requested range is held (for this remote, if it is a tuple). False for a named port,
   * and for every other refusal.
   */
  readonly full: boolean
  declare readonly protocol?: 'tcp' | 'udp' | 'icmp'
  declare readonly address?: string
  /** First of the requested ports; the echo id, if the protocol is ICMP. */
  declare readonly firstPort?: number
  /** Last of the requested ports; equal to `firstPort` where one port was named. */
  declare readonly lastPort?: number
  declare readonly remoteAddress?: string
  declare readonly remotePort?: number

  constructor(message: string, details: TfoSocketErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = details.code
    this.full = details.full ?? false
    if (details.errno !== undefined) this.errno = details.errno
    if (details.syscall !== undefined) this.syscall = details.syscall
    if (details.hint !== undefined) this.hint = details.hint
    if (details.protocol !== undefined) this.protocol = details.protocol
    if (details.address !== undefined) this.address = details.address
    if (details.firstPort !== undefined) this.firstPort = details.firstPort
    if (details.lastPort !== undefined) this.lastPort = details.lastPort
    if (details.remoteAddress !== undefined) this.remoteAddress = details.remoteAddress
    if (details.remotePort !== undefined) this.remotePort = details.remotePort
  }

  get [brand](): true {
    return true
  }
}

/** Whether `value` is a {@link TfoSocketError}, also one of another copy of this package. */
export function isTfoSocketError(value: unknown): value is TfoSocketError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
}
