import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { checkOptions, invalidType, invalidValue } from '../errors/arguments.js'
import { type ConnectionSettings, connectAs, splitSettings } from './connection-settings.js'
import { secured } from './secured.js'

export interface UndiciConnectorOptions extends ConnectionSettings {
  /** What `tls.connect` gets for https. Default: ALPN `http/1.1`. */
  tls?: ConnectionOptions | undefined
  /** How long a connection may take, TLS included, in ms; 1 to 2147483647. Default: 10,000. */
  connectTimeoutMs?: number | undefined
}

const known: ReadonlySet<string> = new Set([
  'fastOpen',
  'replaySafe',
  'localAddress',
  'localPorts',
  'mark',
  'device',
  'tls',
  'connectTimeoutMs',
])

/** What undici asks a connector for. */
interface UndiciRequest {
  hostname: string
  protocol: string
  port: string
  servername?: string | undefined
  localAddress?: string | null | undefined
  httpSocket?: Socket | undefined
}

/** The `connect` option of undici's `Agent`, `Pool` and `Client`. */
export type UndiciConnector = (
  request: UndiciRequest,
  connected: (...result: [null, Socket | TLSSocket] | [Error, null]) => void,
) => void

/**
 * A connector for undici: `new Agent({ connect: undiciConnector() })`, and `fetch` with that `dispatcher`.
 *
 * With https the ClientHello travels in the SYN. With http undici does not tell a connector what it will send, so requests
 * travel in the SYN only with `replaySafe: true`, that is if all requests of the dispatcher may be delivered twice.
 * A kept-alive connection is used again as ever, and there is nothing to gain then.
 *
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. Requests fail with what {@link connect}
 * throws, and with `TimeoutError`.
 * @see https://undici.nodejs.org/#/docs/api/Connector
 */
export function undiciConnector(options: UndiciConnectorOptions = {}): UndiciConnector {
  checkOptions(options, known)
  const [settings, { tls, connectTimeoutMs = 10_000 }] = splitSettings(options)
  checkTimeout(connectTimeoutMs)
  return (request, connected) => {
    const signal = AbortSignal.timeout(connectTimeoutMs)
    open(request, settings, tls, signal).then(
      (socket) => connected(null, socket),
      (error) => connected(error, null),
    )
  }
}

/** A longer one would overflow Node's timers, and end at once. */
function checkTimeout(value: unknown): void {
  if (typeof value !== 'number') throw invalidType('options.connectTimeoutMs', 'a number', value)
  if (!Number.isInteger(value) || value < 1 || value > 0x7fffffff) {
    throw invalidValue('options.connectTimeoutMs', 'an integer from 1 to 2147483647', value)
  }
}

async function open(
  request: UndiciRequest,
  settings: ConnectionSettings,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<Socket | TLSSocket> {
  const { hostname, protocol, port, localAddress, httpSocket } = request
  const secure = protocol === 'https:'
  // An IPv6 address stands in brackets in a URL, and nowhere else.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const destination = {
    host,
    port: port === '' ? (secure ? 443 : 80) : port,
    localAddress,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    signal,
  }
  const open = async (inSyn: boolean) => httpSocket ?? (await connectAs(destination, settings, inSyn))
  if (!secure) return await open(false)
  const servername = request.servername ?? (isIP(host) === 0 ? host : undefined)
  const wrap = (socket: Socket) =>
    tlsConnect({ ALPNProtocols: ['http/1.1'], servername, ...tls, host, socket })
  return await secured(open, wrap, signal)
}
