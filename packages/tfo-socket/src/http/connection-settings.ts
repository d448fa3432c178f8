import type { LookupFunction, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkBoolean, invalidType } from '../errors/arguments.js'
import { connect } from '../fast-open/connect.js'
import { type ConnectOptions, checkConnectOptions } from '../fast-open/connect-options.js'
import type { PortRange } from '../kernel/port-range.js'

/** What all connections of an agent or connector have in common. */
export interface ConnectionSettings {
  /** `true` asks the kernel for the server's cookie, `'no-cookie'` needs a server that takes data without one. Default: true. */
  fastOpen?: boolean | 'no-cookie' | undefined
  /**
   * The network may deliver what is in a SYN twice (RFC 7413 §2). By default only requests that may be repeated travel
   * in it; `true` says that all of yours may. Default: false.
   */
  replaySafe?: boolean | undefined
  /** A local address of this network namespace. Default: the kernel's choice. */
  localAddress?: string | undefined
  /** The ports of it that may be used; needs `localAddress`. Default: those of `net.ipv4.ip_local_port_range`. */
  localPorts?: PortRange | number | undefined
  /** SO_MARK. Default: none. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** SO_BINDTODEVICE. Default: none. */
  device?: string | undefined
}

/** What one connection is for. Names and forms are those of node:http. */
export interface Destination {
  host?: string | null | undefined
  port?: number | string | null | undefined
  family?: number | undefined
  lookup?: LookupFunction | undefined
  localAddress?: string | null | undefined
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  keepAliveInitialDelay?: number | undefined
  signal?: AbortSignal | undefined
}

/** Takes the settings of connections out of the options of an agent. */
export function splitSettings<T extends ConnectionSettings>(
  options: T,
): [settings: ConnectionSettings, rest: Omit<T, keyof ConnectionSettings>] {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const { fastOpen = true, replaySafe = false, localAddress, localPorts, mark, device, ...rest } = options
  checkBoolean('options.replaySafe', replaySafe)
  const local = { fastOpen, localAddress, localPorts, mark, device }
  // Now, and not with the first request.
  checkConnectOptions({ host: 'localhost', port: 1, ...local })
  return [{ ...local, replaySafe }, rest]
}

/**
 * Connects. Where the request may be repeated, and the kernel has a cookie or needs none, nothing is sent before its
 * first byte is written, and then it is in the SYN.
 */
export function connectAs(
  destination: Destination,
  settings: ConnectionSettings,
  repeatable: boolean,
): Promise<Socket> {
  const inSyn = settings.fastOpen !== false && (repeatable || settings.replaySafe === true)
  const { host, port, family, lookup, noDelay, keepAlive, keepAliveInitialDelay, signal } = destination
  const options: ConnectOptions = {
    host: host ?? 'localhost',
    port: Number(port),
    lookup,
    localAddress: settings.localAddress ?? destination.localAddress ?? undefined,
    localPorts: settings.localPorts,
    mark: settings.mark,
    device: settings.device,
    noDelay,
    keepAlive,
    keepAliveInitialDelayMs: keepAliveInitialDelay,
    signal,
    fastOpen: inSyn ? settings.fastOpen : false,
    deferSyn: inSyn,
  }
  if (family === 4 || family === 6) options.family = family
  return connect(options)
}

/** Hands over what a promise brings, as an event of its own: what `created` throws is an uncaught exception, as ever. */
export function deliver(
  connecting: Promise<Socket>,
  created: ((error: Error | null, stream: Duplex) => void) | undefined,
): void {
  connecting.then(
    (socket) => process.nextTick(() => created?.(null, socket)),
    (error) => process.nextTick(() => created?.(error, undefined as never)),
  )
}
