import { checkAddress, checkDevice, checkMark, checkPorts, invalidType, invalidValue } from './arguments.js'
import { binding, outcome } from './binding.js'
import { type PortRange, requirePickable } from './port-range.js'
import { rejectPort } from './rejected-port.js'
import { Reservation } from './reservation.js'

export interface ReservePortOptions {
  protocol: 'tcp' | 'udp'
  /** A local address of this network namespace, IPv4 or IPv6. A wildcard holds the port on all of its family. */
  address: string
  /** A range in which the kernel picks, or one port for it to judge. */
  ports: PortRange | number
  /** SO_MARK, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number
  /** SO_BINDTODEVICE: holds the port on that interface only. Default: none. */
  device?: string
}

/**
 * Holds a whole port, for all remotes: a socket that is bound, never connected, and lets nobody share.
 *
 * While it is held, {@link reserveTuple} is never given the port, on any local address; and a port on which tuples of
 * this address are held is refused here. The two kinds exclude each other port by port, so give each its own range.
 * What arrives is dropped by a socket filter without an answer (UDP), or is not seen by the socket at all (TCP).
 *
 * A named port is judged by the same rule as a range, as a range of one: it must lie in
 * `net.ipv4.ip_local_port_range` too. About 8 µs for TCP and 20 µs for UDP. Requires Linux 6.3. Equivalent for one
 * port: `socat UDP-RECV:9000,bind=192.0.2.1 /dev/null`.
 *
 * @throws {TfoSocketError} `EADDRINUSE` from `bind`: the port is held, or with `full` every port of the range; a
 * connection in TIME-WAIT holds its port too. `EADDRNOTAVAIL` from `bind`: no such local address.
 * `ERR_PORT_OUTSIDE_RANGE`, `ERR_PORT_RESERVED`: a sysctl keeps the kernel from picking some of the ports. `EPERM`,
 * `ENODEV`: mark or device. `EMFILE`, `ENOPROTOOPT`: see `hint`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://man7.org/linux/man-pages/man7/ip.7.html | ip(7)}, IP_LOCAL_PORT_RANGE
 */
export function reservePort(options: ReservePortOptions): Reservation {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const { protocol, address, ports, mark, device } = options
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw invalidValue('options.protocol', "'tcp' or 'udp'", protocol)
  checkAddress('options.address', address)
  checkPorts('options.ports', ports)
  checkMark(mark)
  checkDevice(device)

  const ranged = typeof ports !== 'number'
  const first = ranged ? ports.first : ports
  const last = ranged ? ports.last : ports
  const native = binding()
  requirePickable(first, last)
  const packed = (first | (last << 16)) >>> 0
  const fd = native.reservePort(protocol === 'udp', address, packed, mark ?? 0, device ?? '', outcome)
  const port = outcome[0]!
  if (fd < 0 || port < first || port > last) {
    throw rejectPort(fd, { protocol, address, first, last, device }, ranged)
  }
  return new Reservation({ kind: 'port', protocol, address, port, fd })
}
