import {
  type ClientRequest,
  type ClientRequestArgs,
  Agent as HttpAgent,
  type AgentOptions as HttpAgentOptions,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionSettings, connectAs, deliver, splitSettings } from './connection-settings.js'
import { createSocketWithStandIn, type SocketCreated } from './stand-in.js'

export type AgentOptions = Omit<HttpAgentOptions, keyof ConnectionSettings> & ConnectionSettings

type Created = (error: Error | null, stream: Duplex) => void

/** Methods whose requests may be delivered twice (RFC 9110 §9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/**
 * An agent for node:http whose new connections carry the request in the SYN, which saves one round trip.
 *
 * A request whose method is not idempotent (POST, PATCH, CONNECT) gets an ordinary connection, unless `replaySafe`: the
 * network may deliver a SYN twice. The first connection to a server only asks for its cookie; the kernel keeps that for
 * all programs of the network namespace. Requests on kept-alive connections are as ever. All options of `http.Agent` work, but a `localPort` of a request is not looked at (`localPorts` is for that);
 * those of {@link ConnectionSettings} that a connection cannot have are refused by its request.
 *
 * Requires `net.ipv4.tcp_fastopen` with bit 1 (the default) here and bit 2 at the server; else requests are sent after the
 * handshake. Addresses of a name are tried one after the other.
 *
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. Requests fail with what {@link connect} throws.
 * @see https://www.rfc-editor.org/rfc/rfc7413
 */
export class Agent extends HttpAgent {
  readonly #settings: ConnectionSettings

  constructor(options: AgentOptions = {}) {
    const [settings, rest] = splitSettings(options)
    super(rest as HttpAgentOptions)
    this.#settings = settings
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | undefined {
    if (typeof options.socketPath === 'string') {
      return super.createConnection(options, created) ?? undefined
    }
    const repeatable = idempotent.has((options.method ?? 'GET').toUpperCase())
    deliver(this.#connect(options, repeatable), created)
    return undefined
  }

  async #connect(options: ClientRequestArgs, repeatable: boolean): Promise<Socket> {
    const socket = await connectAs(options, this.#settings, repeatable)
    if (options.timeout) socket.setTimeout(options.timeout)
    return socket
  }

  /** What node:http calls for each new connection. */
  protected createSocket(request: ClientRequest, options: ClientRequestArgs, created: SocketCreated): void {
    createSocketWithStandIn(this, request, options, created)
  }
}
