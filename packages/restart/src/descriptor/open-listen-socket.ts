import { binding } from '../binding.js'
import { checkWaitOptions, type WaitOptions } from '../channel/bounded-wait.js'
import { checkBoolean, checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import { FREEBIND, IPV6_ONLY, REUSE_PORT } from './descriptor-binding.js'
import { type CheckedAddress, checkListenAddress, type ListenAddress } from './listen-address.js'
import { listenRefusal } from './listen-refusal.js'
import { adoptListenSocket, type ListenSocket } from './listen-socket.js'
import { DEFAULT_BACKLOG, listenUnix } from './listen-unix.js'
import { resolveHost } from './resolve-host.js'

/** Options of {@link openListenSocket}, and of `listen` of an instance. */
export interface ListenSocketOptions extends WaitOptions {
  /** Connections that wait to be accepted. Default: 511, as Node's; the kernel's bound is net.core.somaxconn. */
  backlog?: number | undefined
  /** SO_REUSEPORT: several sockets on one port share what comes. Default: false. */
  reusePort?: boolean | undefined
  /** Without it an IPv6 socket takes IPv4 too. Default: false. */
  ipv6Only?: boolean | undefined
  /** IP_FREEBIND: the address need not be there yet. Default: false. */
  freebind?: boolean | undefined
}

/**
 * Makes a socket and listens on it; UDP sockets are bound.
 *
 * Without a host it takes IPv6 and IPv4, or IPv4 alone where IPv6 is off. For paths see `listenUnix`. The socket is
 * close-on-exec from birth, and stays open when a server that was given `listenOptions()` closes.
 *
 * @throws {RestartError} `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND`, and for paths `ENOENT`, `EROFS`, each with a
 * hint; `ERR_RESTART_TIMED_OUT`.
 */
export async function openListenSocket(
  name: string,
  address: ListenAddress,
  options: ListenSocketOptions = {},
): Promise<ListenSocket> {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  const checked = checkListenAddress('address', address)
  checkListenOptions(options)
  const fd = await openAt(checked, options)
  try {
    return adoptListenSocket(name, fd)
  } catch (error) {
    binding().closeFd(fd)
    throw error
  }
}

function checkListenOptions(options: ListenSocketOptions): void {
  const flags = ['reusePort', 'ipv6Only', 'freebind'] as const
  checkKnown('options', options, ['backlog', ...flags, 'signal', 'timeoutMs'])
  checkWaitOptions(options)
  for (const flag of flags) {
    if (options[flag] !== undefined) checkBoolean(`options.${flag}`, options[flag])
  }
  if (options.backlog !== undefined) checkInteger('options.backlog', options.backlog, 2 ** 31 - 1)
}

async function openAt(address: CheckedAddress, options: ListenSocketOptions): Promise<number> {
  const { backlog = DEFAULT_BACKLOG, signal, timeoutMs } = options
  signal?.throwIfAborted()
  if (address.kind === 'unix') {
    return listenUnix(address.path, { mode: address.mode, backlog, signal, timeoutMs })
  }
  const flags =
    (options.reusePort ? REUSE_PORT : 0) |
    (options.ipv6Only ? IPV6_ONLY : 0) |
    (options.freebind ? FREEBIND : 0)
  const open = (host: string) =>
    address.kind === 'udp'
      ? binding().bindUdp(host, address.port, flags)
      : binding().listenTcp(host, address.port, backlog, flags)
  const host = address.host === undefined ? undefined : await resolveHost(address.host)
  try {
    return host === undefined ? openEverywhere(open) : open(host)
  } catch (error) {
    throw listenRefusal(error, address)
  }
}

function openEverywhere(open: (host: string) => number): number {
  try {
    return open('::')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error
    return open('0.0.0.0')
  }
}
