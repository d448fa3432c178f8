import { isIP, type LookupFunction } from 'node:net'
import {
  checkAddress,
  checkBoolean,
  checkDevice,
  checkMark,
  checkOptions,
  checkPort,
  checkPorts,
  invalidType,
  invalidValue,
} from '../errors/arguments.js'
import type { PortRange } from '../kernel/port-range.js'

export interface ConnectOptions {
  /** A name, or an IPv4 or IPv6 address. A link-local address needs `device`. */
  host: string
  port: number
  /** Only addresses of this family. Default: that of `localAddress`, or 0: both, in the order in which `lookup` gives them. */
  family?: 0 | 4 | 6 | undefined
  /** Default: `dns.lookup`, in the order of the resolver. */
  lookup?: LookupFunction | undefined
  /** Default: the kernel's choice. */
  localAddress?: string | undefined
  /**
   * Ports of `localAddress` from which the kernel picks one that is free for this remote, or one port for it to judge.
   * Default: `net.ipv4.ip_local_port_range`, which must cover them. Requires Linux 6.3.
   */
  localPorts?: PortRange | number | undefined
  /**
   * `true` sends data in the SYN with the cookie of the remote, and where the kernel has none yet asks for one and sends
   * the data after the handshake. `'no-cookie'` does without, which the remote must allow ({@link ListenOptions.noCookie});
   * one that does not, answers with an ordinary handshake. `false` never sends data in a SYN. Matters only together with
   * `data` or `deferSyn`. Default: true.
   */
  fastOpen?: boolean | 'no-cookie' | undefined
  /**
   * Sent first, as much as fits in the SYN. **It may arrive twice** (RFC 7413, section 2), also at a server that has
   * been restarted: only for what does no harm when it is done twice. Default: none.
   */
  data?: string | Uint8Array | undefined
  /**
   * Resolve before anything is sent, if the kernel can wait (it has a cookie, or needs none): the SYN leaves with the
   * first write and carries it, and what `data` says about arriving twice is true of that write. Refused connections are
   * then told by the socket's `error` event. A remote that speaks first is waited for in vain. Should the kernel lose the
   * cookie in between, the SYN leaves without the data, which follows; but TLS and HTTP/2, which write past the socket,
   * then fail with errno EINPROGRESS, having sent nothing. Not together with `data`. Default: false.
   */
  deferSyn?: boolean | undefined
  /** SO_MARK, 0 to 4294967295. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** SO_BINDTODEVICE. Default: none. */
  device?: string | undefined
  /** TCP_NODELAY. Default: false. */
  noDelay?: boolean | undefined
  /** SO_KEEPALIVE. Default: false. */
  keepAlive?: boolean | undefined
  /** Silence before the first probe. Default: 0, which leaves it to `net.ipv4.tcp_keepalive_time`. */
  keepAliveInitialDelayMs?: number | undefined
  /** As in `net.Socket`. Default: false. */
  allowHalfOpen?: boolean | undefined
  /** Ends the attempt and closes its descriptor; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

const known: ReadonlySet<string> = new Set([
  'host',
  'port',
  'family',
  'lookup',
  'localAddress',
  'localPorts',
  'fastOpen',
  'data',
  'deferSyn',
  'mark',
  'device',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelayMs',
  'allowHalfOpen',
  'signal',
])

export function checkConnectOptions(options: ConnectOptions): void {
  checkOptions(options, known)
  const { host, port, family, lookup, localAddress, localPorts, fastOpen, data, deferSyn } = options
  if (typeof host !== 'string') throw invalidType('options.host', 'a string', host)
  if (host === '' || host.includes('\0')) throw invalidValue('options.host', 'a name or an address', host)
  checkPort('options.port', port)
  if (family !== undefined && family !== 0 && family !== 4 && family !== 6) {
    throw invalidValue('options.family', '0, 4 or 6', family)
  }
  if (family !== undefined && family !== 0 && isIP(host) !== 0 && isIP(host) !== family) {
    throw invalidValue('options.host', `a name or an IPv${family} address`, host)
  }
  if (lookup !== undefined && typeof lookup !== 'function') {
    throw invalidType('options.lookup', 'a function', lookup)
  }
  checkLocal(localAddress, localPorts, family)
  if (fastOpen !== 'no-cookie' && typeof fastOpen !== 'boolean' && fastOpen !== undefined) {
    throw invalidType('options.fastOpen', "a boolean or 'no-cookie'", fastOpen)
  }
  checkData(data)
  checkBoolean('options.deferSyn', deferSyn)
  if (deferSyn === true && data !== undefined) {
    throw invalidValue('options.deferSyn', 'false where options.data is given', deferSyn)
  }
  checkMark(options.mark)
  checkDevice(options.device)
  checkSocketOptions(options)
  checkSignal(options.signal)
}

function checkLocal(
  address: string | undefined,
  ports: PortRange | number | undefined,
  family: number | undefined,
): void {
  if (address !== undefined) {
    checkAddress('options.localAddress', address)
    const own = isIP(address)
    if (own === 0) throw invalidValue('options.localAddress', 'an IPv4 or IPv6 address', address)
    if (family !== undefined && family !== 0 && family !== own) {
      throw invalidValue('options.localAddress', `an IPv${family} address`, address)
    }
  }
  if (ports === undefined) return
  checkPorts('options.localPorts', ports)
  if (address === undefined)
    throw invalidValue('options.localPorts', 'given with options.localAddress', ports)
}

export function checkData(data: unknown): void {
  if (data !== undefined && typeof data !== 'string' && !(data instanceof Uint8Array)) {
    throw invalidType('options.data', 'a string or a Uint8Array', data)
  }
}

export function checkSocketOptions({
  noDelay,
  keepAlive,
  keepAliveInitialDelayMs,
  allowHalfOpen,
}: Pick<ConnectOptions, 'noDelay' | 'keepAlive' | 'keepAliveInitialDelayMs' | 'allowHalfOpen'>): void {
  checkBoolean('options.noDelay', noDelay)
  checkBoolean('options.keepAlive', keepAlive)
  checkBoolean('options.allowHalfOpen', allowHalfOpen)
  if (keepAliveInitialDelayMs === undefined) return
  if (typeof keepAliveInitialDelayMs !== 'number') {
    throw invalidType('options.keepAliveInitialDelayMs', 'a number', keepAliveInitialDelayMs)
  }
  if (!(keepAliveInitialDelayMs >= 0 && keepAliveInitialDelayMs < Number.POSITIVE_INFINITY)) {
    throw invalidValue('options.keepAliveInitialDelayMs', '0 or more', keepAliveInitialDelayMs)
  }
}

export function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) {
    throw invalidType('options.signal', 'an AbortSignal', signal)
  }
}
