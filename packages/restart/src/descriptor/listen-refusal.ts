import { dirname } from 'node:path'
import { systemError } from '../errors/restart-error.js'
import { type CheckedAddress, describeAddress } from './listen-address.js'

/** The error for an address that the system refused, with what to do about it. */
export function listenRefusal(error: unknown, address: CheckedAddress): Error {
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException
  const hint = address.kind === 'unix' ? unixHint(code, syscall, address) : ipHint(code, syscall, address)
  return systemError(error, `listen on ${describeAddress(address)}`, hint)
}

function ipHint(
  code: string,
  syscall: string,
  { kind, port, host }: Extract<CheckedAddress, { kind: 'tcp' | 'udp' }>,
): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Another process has it; see: ss -H${kind === 'udp' ? 'u' : 't'}lnp 'sport = :${port}'. If that is the running instance, ask it to restart instead`
    case 'EACCES':
      return 'Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE (AmbientCapabilities= in the unit), or a socket unit'
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this network namespace (see: ip address show); with freebind it may come later`
    case 'EAFNOSUPPORT':
      return 'IPv6 is off in this kernel: name an IPv4 host'
    case 'EINVAL':
      return syscall === 'bind' ? 'A link-local address needs its interface: fe80::1%eth0' : undefined
    default:
      return undefined
  }
}

function unixHint(code: string, syscall: string, { path }: { path: string }): string | undefined {
  const directory = dirname(path)
  switch (code) {
    case 'EADDRINUSE':
      return `Something that is no socket is at the path, and is not removed; see: ls -l ${path}`
    case 'EACCES':
      return `This user may not make files in ${directory} (RuntimeDirectory= in the unit makes one it may)`
    case 'EPERM':
      return syscall === 'unlink' ? `The stale socket at ${path} belongs to another user` : undefined
    case 'ENOENT':
      return `There is no directory ${directory} (RuntimeDirectory= in the unit makes it)`
    case 'EROFS':
      return `${directory} is read-only: choose a path in /run`
    default:
      return undefined
  }
}
