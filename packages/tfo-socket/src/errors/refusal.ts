import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { binding, outcome } from '../binding.js'
import { enableFastOpen } from '../kernel/fast-open-setting.js'
import { admitPingGroup } from '../kernel/ping-group-range.js'
import { addressExpected, invalidValue } from './arguments.js'
import { TfoSocketError } from './tfo-socket-error.js'

/** What was asked for, as far as the kind of reservation has it. */
export interface Request {
  protocol: 'tcp' | 'udp' | 'icmp'
  address: string
  first: number
  last: number
  remoteAddress?: string
  remotePort?: number
  device?: string | undefined
}

/**
 * The error for a negative result of the addon. `ranged` says that it was a range, so that "nothing left" differs from
 * "this one is held". Must be called before the addon is called again: it reads `outcome`.
 */
export function refusal(result: number, request: Request, ranged: boolean): Error {
  const syscall = binding().stepNames[outcome[1]!]!
  if (syscall === 'inet_pton(address)') {
    const expected =
      request.remoteAddress === undefined ? addressExpected : `${addressExpected}, not a wildcard`
    return invalidValue('options.address', expected, request.address)
  }
  if (syscall === 'inet_pton(remoteAddress)') {
    const expected = `${addressExpected} of the family of options.address, not a wildcard`
    return invalidValue('options.remoteAddress', expected, request.remoteAddress)
  }
  const suspended = result === -constants.errno.EINPROGRESS && syscall === 'connect'
  const code = suspended ? 'ERR_FAST_OPEN_SUSPENDED' : getSystemErrorName(result)
  const taken = isTaken(code, syscall)
  const hint = taken ? undefined : hintFor(code, syscall, request)
  const { protocol, address, first, last, remoteAddress, remotePort } = request
  return new TfoSocketError(`Cannot reserve ${describe(request)}: ${syscall} ${code}`, {
    code,
    errno: result,
    syscall,
    full: taken && ranged,
    protocol,
    address,
    firstPort: first,
    lastPort: last,
    ...(hint !== undefined && { hint }),
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
  })
}

/** The two ways in which the kernel says that somebody holds what was asked for. */
export function isTaken(code: string, syscall: string): boolean {
  return (code === 'EADDRNOTAVAIL' && syscall === 'connect') || (code === 'EADDRINUSE' && syscall === 'bind')
}

function describe({ protocol, address, first, last, remoteAddress, remotePort }: Request): string {
  if (protocol === 'icmp') return `echo id ${first} of ${address}`
  const ports = first === last ? `${first}` : `${first}-${last}`
  const local = `${protocol} ${address} port ${ports}`
  return remoteAddress === undefined ? local : `${local} to ${remoteAddress} port ${remotePort}`
}

/** What to do about a refusal, where that is known. */
export function hintFor(
  code: string,
  syscall: string,
  { protocol, address, device }: Pick<Request, 'protocol' | 'address' | 'device'>,
): string | undefined {
  switch (`${code} ${syscall}`) {
    case 'EADDRNOTAVAIL bind':
      return `${address} is not an address of this network namespace; see: ip address show`
    case 'EPERM setsockopt(SO_MARK)':
      return 'A mark needs CAP_NET_ADMIN (or CAP_NET_RAW since Linux 5.17)'
    case 'EPERM setsockopt(TCP_REPAIR)':
      return 'Repair mode needs CAP_NET_ADMIN'
    case 'EPERM setsockopt(SO_BINDTODEVICE)':
      return 'Binding to a device needs CAP_NET_RAW before Linux 5.7'
    case 'ENODEV setsockopt(SO_BINDTODEVICE)':
      return `There is no interface ${device} in this network namespace; see: ip link show`
    case 'ENOTSUP setsockopt(TCP_FASTOPEN_CONNECT)':
      return `Fast Open is off for clients; bit 1 of the sysctl turns it on: ${enableFastOpen('client')}`
    case 'ERR_FAST_OPEN_SUSPENDED connect':
      return (
        'Fast Open is suspended after a suspected black hole, and a SYN was sent: ' +
        'sysctl -w net.ipv4.tcp_fastopen_blackhole_timeout_sec=0'
      )
    case 'ENETUNREACH connect':
      return 'There is no route to the remote address (for this mark and device); see: ip route get'
    case 'EHOSTUNREACH connect':
      return 'There is no route to the remote address, or the next hop does not answer; see: ip route get, ip neigh'
    case 'EINVAL connect':
      return `${address} cannot be the source of packets to this remote; see: ip route get`
    case 'EACCES bind':
      return 'Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE'
  }
  switch (code) {
    case 'ENOPROTOOPT':
      return 'Requires Linux 6.3'
    case 'EMFILE':
      return 'The process may not open more descriptors: ulimit -n'
    case 'ENFILE':
      return 'The system may not open more descriptors: sysctl fs.file-max'
  }
  if (protocol === 'icmp' && (code === 'EACCES' || code === 'EPERM') && syscall === 'socket') {
    return `No group of this process may open ping sockets: ${admitPingGroup(process.getegid?.() ?? 0)}`
  }
  return undefined
}
