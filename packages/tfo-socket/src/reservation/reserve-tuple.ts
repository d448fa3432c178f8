import { outcome } from '../binding.js'
import {
  checkAddress,
  checkBoolean,
  checkDevice,
  checkMark,
  checkOptions,
  checkPort,
} from '../errors/arguments.js'
import { refusal } from '../errors/refusal.js'
import { type PortRange, requirePickable } from '../kernel/port-range.js'
import { askTuple } from './ask-kernel.js'
import { askedPorts } from './asked-ports.js'
import { rejectPort } from './reject-port.js'
import { Reservation } from './reservation.js'

export interface ReserveTupleOptions {
  /** A local address of this network namespace, IPv4 or IPv6, not a wildcard. */
  address: string
  /** A range in which the kernel picks, or one port for it to judge. */
  ports: PortRange | number
  /** An address of the same family as `address`. It is never contacted. */
  remoteAddress: string
  remotePort: number
  /** SO_MARK, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. The route to the remote is looked up with it. */
  mark?: number | undefined
  /**
   * SO_BINDTODEVICE: then early demux does not match packets of other devices, and the tuple is not held against sockets
   * without the device: an ordinary connect to the remote may pick the port. Default: none.
   */
  device?: string | undefined
  /**
   * SO_REUSEADDR and an explicit bind: others that do the same (sockets of Node with a `localPort` do) may use the port
   * for other remotes. Only with one port. Default: false.
   */
  shared?: boolean | undefined
}

const known: ReadonlySet<string> = new Set([
  'address',
  'ports',
  'remoteAddress',
  'remotePort',
  'mark',
  'device',
  'shared',
])

/**
 * Holds a TCP four-tuple against every other socket of the network namespace, and sends nothing.
 *
 * With a range the kernel picks a port that is free *for this remote*; with one port it says whether that one is. The
 * same port may be held for other remotes, at the same cost however many they are. Ports that any socket has bound
 * explicitly, on any local address, are never given: do not bind ports of the range yourself, {@link reservePort} and
 * `shared` included. A shared tuple costs more the more sockets are bound to its port: 60 µs where they are 2,000.
 *
 * About 12 µs; a refusal takes about 120 µs where a range of 2,000 ports is full, 30 µs for one port. Requires Linux
 * 6.3, `net.ipv4.tcp_fastopen` with bit 1 (the default), and a route to the remote. With `net.ipv4.tcp_early_demux` on,
 * packets that arrive for the tuple are not forwarded.
 *
 * @throws {TfoSocketError} `EADDRNOTAVAIL` from `connect`: the tuple is held, or with `full` every port of the range for
 * this remote. `EADDRINUSE` from `bind`: only with `shared`, the port is held exclusively. `EADDRNOTAVAIL` from `bind`:
 * no such local address. `ERR_PORT_OUTSIDE_RANGE`, `ERR_PORT_RESERVED`: a
 * sysctl keeps the kernel from picking some of the ports. `EPERM`, `ENODEV`: mark or device. `ENETUNREACH`: no route.
 * `ERR_FAST_OPEN_SUSPENDED`: a SYN was sent, which happens only if `net.ipv4.tcp_fastopen_blackhole_timeout_sec` is not
 * 0 (its default). `EMFILE`, `ENOPROTOOPT`, `ENOTSUP`: see `hint`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://man7.org/linux/man-pages/man7/ip.7.html | ip(7)}, IP_LOCAL_PORT_RANGE and
 * IP_BIND_ADDRESS_NO_PORT; net/ipv4/tcp_fastopen.c in the kernel
 */
export function reserveTuple(options: ReserveTupleOptions): Reservation {
  checkOptions(options, known)
  const { address, remoteAddress, remotePort, mark = 0, device = '', shared = false } = options
  checkAddress('options.address', address)
  checkBoolean('options.shared', shared)
  const { first, last, packed, ranged } = askedPorts(options.ports, shared)
  checkAddress('options.remoteAddress', remoteAddress)
  checkPort('options.remotePort', remotePort)
  checkMark(mark)
  checkDevice(options.device)

  // A bind by name is not narrowed by sysctls, and is refused by bind instead of connect.
  const named = shared ? first : 0
  if (!shared) requirePickable(first, last)
  const fd = askTuple('tuple', address, named, packed, remoteAddress, remotePort, mark, device, shared)
  const port = outcome[0]!
  if (fd < 0 || port < first || port > last) {
    const request = { protocol: 'tcp' as const, address, first, last, remoteAddress, remotePort, device }
    throw shared ? refusal(fd, request, false) : rejectPort(fd, request, ranged)
  }
  return new Reservation(
    { kind: 'tuple', protocol: 'tcp', address, port, shared, remoteAddress, remotePort },
    fd,
  )
}
