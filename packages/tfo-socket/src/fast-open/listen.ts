import cluster from 'node:cluster'
import { once } from 'node:events'
import { isIP, type Server } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { binding, outcome } from '../binding.js'
import {
  checkBoolean,
  checkDevice,
  checkMark,
  checkOptions,
  invalidType,
  invalidValue,
} from '../errors/arguments.js'
import { hintFor } from '../errors/refusal.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import { enableFastOpen, isFastOpenEnabled } from '../kernel/fast-open-setting.js'

export interface ListenOptions {
  /** 0 lets the kernel pick one: `server.address()`. */
  port: number
  /** An IPv4 or IPv6 address of this host, or a wildcard. Default: `::`, or `0.0.0.0` where there is no IPv6. */
  host?: string | undefined
  /** Complete connections that wait to be accepted; at most `net.core.somaxconn`. Default: 511. */
  backlog?: number | undefined
  /**
   * Connections that may have been accepted before their handshake is complete (RFC 7413, section 5.1); while there are
   * more, data in a SYN is not taken. 0: no Fast Open. Default: 256.
   */
  fastOpenQueue?: number | undefined
  /**
   * Take data of clients that show no cookie. They have not proved that they are where they say, so anybody can make
   * the server work, and answer, for a forged address: only in networks that you trust. Default: false.
   */
  noCookie?: boolean | undefined
  /** `::` leaves IPv4 alone. Default: false. */
  ipv6Only?: boolean | undefined
  /** SO_MARK, 0 to 4294967295; accepted connections have it too. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** SO_BINDTODEVICE. Default: none. */
  device?: string | undefined
}

export interface Listening {
  /** Whether the kernel takes data in a SYN. */
  fastOpen: boolean
  /** Why not, and the command that changes it. */
  hint?: string
}

const known: ReadonlySet<string> = new Set([
  'port',
  'host',
  'backlog',
  'fastOpenQueue',
  'noCookie',
  'ipv6Only',
  'mark',
  'device',
])

/**
 * Lets a server of `node:net`, `node:tls`, `node:http` or `node:https` listen with Fast Open; resolves when it does.
 *
 * Connections arrive by the server's own events, with what their SYN carried as their first data; ask
 * {@link fastOpenInfo} whether it did. `server.close()` ends it. **What a SYN carried may have been delivered before**
 * (RFC 7413, section 2): answer only what does no harm when it is done twice, or know by {@link fastOpenInfo} which
 * requests to be careful with.
 *
 * Requires `net.ipv4.tcp_fastopen` with bit 2, which is not the default; without it the server works, and the result
 * says so. Several servers that share cookies need the same `net.ipv4.tcp_fastopen_key`.
 *
 * @throws {TfoSocketError} `EADDRINUSE`, `EACCES` (a port below 1024), `EADDRNOTAVAIL` (no such local address) from
 * `bind`. `EPERM`, `ENODEV`: mark or device. `EMFILE`. `ERR_CLUSTER_WORKER`: descriptors of a `node:cluster` worker mean
 * nothing to the process that would accept. `ERR_SERVER_NOT_RUNNING`: closed before it listened.
 * @throws what `server.listen` throws: `ERR_SERVER_ALREADY_LISTEN`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see RFC 7413; {@link https://man7.org/linux/man-pages/man7/tcp.7.html | tcp(7)}, TCP_FASTOPEN
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listening> {
  if (typeof server?.listen !== 'function') throw invalidType('server', 'a net.Server', server)
  checkListenOptions(options)
  if (cluster.isWorker) {
    throw new TfoSocketError('A worker of node:cluster cannot listen with Fast Open', {
      code: 'ERR_CLUSTER_WORKER',
      hint: 'Listen in the primary process, or in processes of your own',
    })
  }
  const { backlog = 511, fastOpenQueue = 256 } = options
  const enabled = fastOpenQueue > 0 && isFastOpenEnabled('server')
  const fd = open(options, backlog, fastOpenQueue)
  const settled = new AbortController()
  const listening = untilListening(server, settled.signal)
  try {
    // Node calls listen(2) once more, which sets the backlog.
    server.listen({ fd }, backlog)
  } catch (error) {
    settled.abort()
    await listening.catch(() => {})
    binding().close(fd)
    throw error
  }
  await listening.finally(() => settled.abort())
  if (fastOpenQueue === 0) return { fastOpen: false, hint: 'options.fastOpenQueue is 0' }
  if (enabled) return { fastOpen: true }
  const hint = `Fast Open is off for servers; bit 2 of the sysctl turns it on: ${enableFastOpen('server')}`
  return { fastOpen: false, hint }
}

/** Rejects if the server fails, or is closed before it has said that it listens: then it never will. */
async function untilListening(server: Server, signal: AbortSignal): Promise<void> {
  const closed = once(server, 'close', { signal }).then(() => {
    throw new TfoSocketError('The server was closed before it listened', { code: 'ERR_SERVER_NOT_RUNNING' })
  })
  await Promise.race([once(server, 'listening', { signal }), closed])
}

function open(options: ListenOptions, backlog: number, fastOpenQueue: number): number {
  if (options.host !== undefined) return openAt(options.host, options, backlog, fastOpenQueue)
  try {
    return openAt('::', options, backlog, fastOpenQueue)
  } catch (error) {
    const { code } = error as TfoSocketError
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error
    return openAt('0.0.0.0', options, backlog, fastOpenQueue)
  }
}

function openAt(address: string, options: ListenOptions, backlog: number, fastOpenQueue: number): number {
  const { port, noCookie = false, ipv6Only = false, mark = 0, device = '' } = options
  const fd = binding().listen(
    address,
    port,
    backlog,
    fastOpenQueue,
    noCookie,
    ipv6Only,
    mark,
    device,
    outcome,
  )
  if (fd >= 0) return fd
  const code = getSystemErrorName(fd)
  const syscall = binding().stepNames[outcome[1]!]!
  const hint = hintFor(code, syscall, { protocol: 'tcp', address, device })
  throw new TfoSocketError(`Cannot listen on ${address} port ${port}: ${syscall} ${code}`, {
    code,
    errno: fd,
    syscall,
    protocol: 'tcp',
    address,
    firstPort: port,
    lastPort: port,
    ...(hint !== undefined && { hint }),
  })
}

function checkListenOptions(options: ListenOptions): void {
  checkOptions(options, known)
  const { port, host, backlog, fastOpenQueue } = options
  checkCount('options.port', port, 0xffff)
  if (host !== undefined) {
    if (typeof host !== 'string') throw invalidType('options.host', 'a string', host)
    if (isIP(host) === 0) throw invalidValue('options.host', 'an IPv4 or IPv6 address', host)
  }
  if (backlog !== undefined) checkCount('options.backlog', backlog, 0x7fffffff)
  if (fastOpenQueue !== undefined) checkCount('options.fastOpenQueue', fastOpenQueue, 0x7fffffff)
  checkBoolean('options.noCookie', options.noCookie)
  checkBoolean('options.ipv6Only', options.ipv6Only)
  checkMark(options.mark)
  checkDevice(options.device)
}

function checkCount(name: string, value: unknown, most: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw invalidValue(name, `an integer from 0 to ${most}`, value)
  }
}
