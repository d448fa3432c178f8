import { isIP, type Socket } from 'node:net'
import { isTfoSocketError, TfoSocketError } from '../errors/tfo-socket-error.js'
import { bytesOf } from './bytes-of.js'
import { type ConnectOptions, checkConnectOptions } from './connect-options.js'
import { allRefused } from './connect-refusal.js'
import { connectTo } from './connect-to.js'
import { resolveAddresses } from './resolve-addresses.js'

export type { ConnectOptions }

/**
 * Connects over TCP, with the first data in the SYN where the remote takes it: one round trip less.
 *
 * Resolves when the handshake is complete, or with `deferSyn` before it. A remote that does not take the data in the
 * SYN gets it after the handshake; nothing is lost, and {@link fastOpenInfo} tells which it was. Where something on the
 * path drops such SYNs, the kernel sends a plain one after a second and the connection is made then. Without `data` and
 * `deferSyn` this is an ordinary connection. A name with several addresses is tried address after address. Whatever
 * fails, no descriptor stays open.
 *
 * **What a SYN carries may be delivered twice** (RFC 7413, section 2): send only what does no harm when it is done
 * twice, such as a GET or a TLS ClientHello.
 *
 * Requires `net.ipv4.tcp_fastopen` with bit 1 on this host (the default) and with bit 2 on the server, and cookies that
 * the kernel remembers for each remote address (`ip tcp_metrics`); the first connection to an address has none and asks
 * for one. `localPorts` requires Linux 6.3. Equivalent to `curl --tcp-fastopen`.
 *
 * @throws {TfoSocketError} `ECONNREFUSED`, `ECONNRESET`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENETUNREACH` from `connect`, with
 * `remoteAddress` and `remotePort`; of several addresses the last, with the others in `cause`, an `AggregateError`.
 * `EADDRNOTAVAIL` from `connect`: no port is free for this remote, with `full` none of `localPorts`. `EADDRNOTAVAIL`
 * from `bind`: no such local address. `ERR_PORT_OUTSIDE_RANGE`, `ERR_PORT_RESERVED`: a sysctl keeps the kernel from
 * picking some of `localPorts`. `EPERM`, `ENODEV`: mark or device. `EMFILE`.
 * @throws what the lookup says, and the reason of the signal.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see RFC 7413; net/ipv4/tcp_fastopen.c in the kernel
 */
export async function connect(options: ConnectOptions): Promise<Socket> {
  checkConnectOptions(options)
  const { host, lookup, localAddress, signal } = options
  signal?.throwIfAborted()
  const data = bytesOf(options.data)
  const family = options.family || (isIP(localAddress ?? '') as 0 | 4 | 6)
  const refusals: TfoSocketError[] = []
  for (const address of await resolveAddresses(host, family, lookup, signal)) {
    signal?.throwIfAborted()
    try {
      return await connectTo(address, data, options)
    } catch (error) {
      // Another address would not help against anything else.
      if (signal?.aborted || !isTfoSocketError(error) || error.syscall === undefined) throw error
      refusals.push(error)
    }
  }
  throw refusals.length > 0 ? allRefused(refusals) : noAddress(host)
}

function noAddress(host: string): TfoSocketError {
  return new TfoSocketError(`The lookup of ${host} gave no address`, { code: 'ENOTFOUND', protocol: 'tcp' })
}
