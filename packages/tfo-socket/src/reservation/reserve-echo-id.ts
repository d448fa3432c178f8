import { checkAddress, checkBoolean, checkMark, checkOptions, checkPort } from '../errors/arguments.js'
import { refusal } from '../errors/refusal.js'
import { askEchoId } from './ask-kernel.js'
import { Reservation } from './reservation.js'

export interface ReserveEchoIdOptions {
  /** A local address of this network namespace. IPv4 holds an ICMP id, IPv6 an ICMPv6 id. */
  address: string
  /** The identifier of echo requests, 1 to 65535. */
  id: number
  /** SO_MARK, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** SO_REUSEADDR, which ping sockets have from birth: then all that have it may use the id too. Default: false. */
  shared?: boolean | undefined
}

const known: ReadonlySet<string> = new Set(['address', 'id', 'mark', 'shared'])

/**
 * Holds an ICMP echo id: no ping socket can be bound to it.
 *
 * The kernel keeps one table of ids for all addresses and both families, so the id is held on every address of the
 * network namespace, and a second reservation of it is refused wherever it is made. Programs that ping through raw
 * sockets do not ask this table and cannot be kept out. Replies that arrive are dropped by a socket filter.
 *
 * About 20 µs. Requires a group of the process in `net.ipv4.ping_group_range` (IPv6 too).
 *
 * @throws {TfoSocketError} `EADDRINUSE` from `bind`: the id is held. `EADDRNOTAVAIL` from `bind`: no such local address.
 * `EACCES` from `socket`: `ping_group_range`. `EPERM`: mark. `EMFILE`: see `hint`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://man7.org/linux/man-pages/man7/icmp.7.html | icmp(7)}; net/ipv4/ping.c in the kernel
 */
export function reserveEchoId(options: ReserveEchoIdOptions): Reservation {
  checkOptions(options, known)
  const { address, id, mark = 0, shared = false } = options
  checkAddress('options.address', address)
  checkPort('options.id', id)
  checkMark(mark)
  checkBoolean('options.shared', shared)

  const fd = askEchoId(address, id, mark, shared)
  if (fd < 0) throw refusal(fd, { protocol: 'icmp', address, first: id, last: id }, false)
  return new Reservation({ kind: 'echo-id', protocol: 'icmp', address, port: id, shared }, fd)
}
