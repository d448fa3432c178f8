import { outcome } from '../binding.js'
import {
  checkAddress,
  checkBoolean,
  checkDevice,
  checkMark,
  checkOptions,
  invalidValue,
} from '../errors/arguments.js'
import { refusal } from '../errors/refusal.js'
import { type PortRange, requirePickable } from '../kernel/port-range.js'
import { askPort } from './ask-kernel.js'
import { askedPorts } from './asked-ports.js'
import { rejectPort } from './reject-port.js'
import { Reservation } from './reservation.js'

export interface ReservePortOptions {
  protocol: 'tcp' | 'udp'
  /** A local address of this network namespace, IPv4 or IPv6. A wildcard holds the port on all of its family. */
  address: string
  /** A range in which the kernel picks, or one port for it to judge. */
  ports: PortRange | number
  /** SO_MARK, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** SO_BINDTODEVICE: holds the port on that interface only. Default: none. */
  device?: string | undefined
  /** SO_REUSEADDR: others that set it may have the port too, in TCP unless somebody listens. Only with one port. Default: false. */
  shared?: boolean | undefined
}

const known: ReadonlySet<string> = new Set(['protocol', 'address', 'ports', 'mark', 'device', 'shared'])

/**
 * Holds a whole port, for all remotes: a socket that is bound, never connected, and lets nobody share, unless `shared`.
 *
 * While it is held, {@link reserveTuple} is never given the port, on any local address; and a port on which tuples of
 * this address are held is refused here. The two kinds exclude each other port by port, so give each its own range.
 * What arrives is dropped by a socket filter without an answer (UDP), or is not seen by the socket at all (TCP).
 *
 * One TCP port is a range of one, so `net.ipv4.ip_local_port_range` must cover it too. One UDP port is bound as it is,
 * whatever that sysctl says. About 8 µs for TCP and 20 µs for UDP. The kernel searches a range port by port, so the
 * last ports of a large one cost more, and a refusal takes about 1 ms for any UDP range and for a TCP range of 4,000;
 * for one port it takes about 30 µs. Requires Linux 6.3, except for one UDP port. Equivalent for one port: `socat UDP-RECV:9000,bind=192.0.2.1 /dev/null`.
 *
 * @throws {TfoSocketError} `EADDRINUSE` from `bind`: the port is held, or with `full` every port of the range; a
 * connection in TIME-WAIT holds its port too. `EADDRNOTAVAIL` from `bind`: no such local address.
 * `ERR_PORT_OUTSIDE_RANGE`, `ERR_PORT_RESERVED`: a sysctl keeps the kernel from picking some of the ports. `EPERM`,
 * `ENODEV`: mark or device. `EMFILE`, `ENOPROTOOPT`: see `hint`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://man7.org/linux/man-pages/man7/ip.7.html | ip(7)}, IP_LOCAL_PORT_RANGE
 */
export function reservePort(options: ReservePortOptions): Reservation {
  checkOptions(options, known)
  const { protocol, address, mark = 0, device = '', shared = false } = options
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw invalidValue('options.protocol', "'tcp' or 'udp'", protocol)
  checkAddress('options.address', address)
  checkBoolean('options.shared', shared)
  const { first, last, packed, ranged } = askedPorts(options.ports, shared)
  checkMark(mark)
  checkDevice(options.device)

  const udp = protocol === 'udp'
  // UDP looks for a port of a narrow range in all 65,536 of them, which takes about 1 ms when it is held; binding it
  // by name excludes the same sockets. TCP looks at the range alone.
  const named = shared || (udp && first === last) ? first : 0
  if (named === 0) requirePickable(first, last)
  const fd = askPort(udp, address, named, packed, mark, device, shared)
  const port = outcome[0]!
  if (fd < 0 || port < first || port > last) {
    const request = { protocol, address, first, last, device }
    throw named === 0 ? rejectPort(fd, request, ranged) : refusal(fd, request, ranged)
  }
  return new Reservation({ kind: 'port', protocol, address, port, shared }, fd)
}
