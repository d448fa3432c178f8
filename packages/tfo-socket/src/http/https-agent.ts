import type { ClientRequest } from 'node:http'
import {
  Agent as NodeHttpsAgent,
  type AgentOptions as NodeHttpsAgentOptions,
  type RequestOptions,
} from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type ConnectionSettings, connectAs, deliver, splitSettings } from './connection-settings.js'
import { secured } from './secured.js'
import { createSocketWithStandIn, type SocketCreated } from './stand-in.js'

export type HttpsAgentOptions = Omit<NodeHttpsAgentOptions, keyof ConnectionSettings> &
  Omit<ConnectionSettings, 'replaySafe'>

type Created = (error: Error | null, stream: Duplex) => void

/**
 * An agent for node:https whose new connections carry the ClientHello in the SYN, which saves one of the round trips.
 *
 * Whatever the method is: a ClientHello may be delivered twice, since the request itself follows after the TLS handshake.
 * Otherwise as {@link Agent}; sessions are resumed as `https.Agent` does it.
 *
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. Requests fail with what {@link connect} throws.
 * @see https://www.rfc-editor.org/rfc/rfc7413
 */
export class HttpsAgent extends NodeHttpsAgent {
  readonly #settings: ConnectionSettings

  constructor(options: HttpsAgentOptions = {}) {
    const [settings, rest] = splitSettings(options)
    super(rest as NodeHttpsAgentOptions)
    this.#settings = settings
  }

  override createConnection(options: RequestOptions, created?: Created): Duplex | undefined {
    if (typeof options.socketPath === 'string') {
      return super.createConnection(options, created) ?? undefined
    }
    const open = (inSyn: boolean) => connectAs(options, this.#settings, inSyn)
    const wrap = (socket: Socket) =>
      super.createConnection({ ...options, signal: undefined, socket } as RequestOptions) as TLSSocket
    deliver(secured(open, wrap, options.signal), created)
    return undefined
  }

  /** What node:http calls for each new connection. */
  protected createSocket(request: ClientRequest, options: RequestOptions, created: SocketCreated): void {
    createSocketWithStandIn(this, request, options, created)
  }
}
