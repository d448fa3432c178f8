import type { NetlinkTransport } from './binding.js'
import { callListener } from './call-listener.js'
import { MAX_DUMP_ATTEMPTS, MAX_REQUESTS_IN_FLIGHT, NLMSG_MIN_TYPE } from './constants.js'
import { closedError, errnoError, NetlinkError } from './errors.js'
import { Exchange, type NetlinkRequest } from './exchange.js'
import { ExchangeQueue } from './exchange-queue.js'
import type { NetlinkMessage } from './message.js'
import { MessageSource } from './message-source.js'

export interface RequestOptions {
  /** Stops the waiting, not the kernel: a request already sent may still take effect. */
  signal?: AbortSignal
}

export interface DumpOptions extends RequestOptions {
  /** Called before a dump is made anew; what `decode` was given until then is void. */
  onRestart?: () => void
}

export interface NetlinkSubscriber {
  /** A multicast message. It is valid until this returns. */
  message(message: NetlinkMessage): void
  /**
   * Messages were lost (`ENOBUFS`, `ERR_NETLINK_TRUNCATED`, `ERR_NETLINK_MALFORMED`). The socket goes on: read the state
   * anew, and open with more `receiveBufferBytes` if it happens again. With any other code the socket has failed and is closed.
   */
  lost(error: NetlinkError): void
}

export interface SubscribeOptions {
  /** Whether the subscription keeps the process alive. @default true */
  ref?: boolean
}

/** A decoder of replies; `undefined` keeps the reply out of the result. */
export type MessageDecoder<T> = (message: NetlinkMessage) => T | undefined

/**
 * Requests and their answers on one netlink socket; made by {@link openNetlink}.
 *
 * Guarantees: an answer reaches the request that asked for it, whatever the order and the number of requests; a loss is
 * never taken for success. An idle connection does not keep the process alive, a subscribed one does unless
 * it was told otherwise.
 */
export class NetlinkConnection implements AsyncDisposable {
  readonly #transport: NetlinkTransport
  readonly #portId: number
  readonly #exchanges: ExchangeQueue
  readonly #subscribers = new Map<NetlinkSubscriber, { holdsLoop: boolean }>()
  #closed = false

  /** @internal */
  constructor(transport: NetlinkTransport) {
    this.#transport = transport
    this.#portId = transport.portId()
    this.#exchanges = new ExchangeQueue(transport, () => this.#holdLoop())
    const source = new MessageSource(transport, {
      message: (message) => this.#message(message),
      lost: (error) => this.#lost(error),
      drained: () => this.#exchanges.drained(),
      failed: (error) => this.#fail(error),
    })
    const status = transport.startPolling(() => source.read())
    if (status < 0) throw errnoError(status, 'open netlink', { syscall: 'uv_poll_start' })
    transport.unref()
  }

  /**
   * Sends one request and waits for its acknowledgement; resolves to the decoded replies, if it has any.
   *
   * Rejects with the kernel's refusal (code: the errno's name), `ENOBUFS` or `ERR_NETLINK_TRUNCATED` when the answer was
   * lost (the request may have taken effect), `ERR_NETLINK_CLOSED`, or the signal's reason.
   */
  async request<T = never>(
    request: NetlinkRequest,
    decode?: MessageDecoder<T>,
    options: RequestOptions = {},
  ): Promise<T[]> {
    const results: T[] = []
    const exchange = new Exchange([request], false, decode && collectInto(results, decode))
    const { errors, loss } = await this.#exchanges.run(exchange, options.signal)
    if (errors[0]) throw errors[0]
    if (loss && decode) throw loss
    return results
  }

  /**
   * Reads a whole table (NLM_F_DUMP). `decode` sees each entry as it arrives and may keep it elsewhere by returning undefined.
   *
   * The dump is made anew, eight times in all, when the table changed under it or a datagram was cut; then it rejects
   * with `ERR_NETLINK_DUMP_INTERRUPTED` or `ERR_NETLINK_TRUNCATED`. Otherwise as {@link request}.
   */
  async dump<T>(request: NetlinkRequest, decode: MessageDecoder<T>, options: DumpOptions = {}): Promise<T[]> {
    for (let attempt = 1; ; attempt++) {
      const results: T[] = []
      const exchange = new Exchange([request], true, collectInto(results, decode))
      const { errors, interrupted, loss } = await this.#exchanges.run(exchange, options.signal)
      const error = errors[0]
      if (error && error !== loss) throw error
      if (!loss && !interrupted) return results
      if (attempt === MAX_DUMP_ATTEMPTS) throw loss ?? interruptedError(exchange.operation)
      options.onRestart?.()
    }
  }

  /**
   * Sends many requests, 64 to a datagram, and asks for one acknowledgement per datagram: faster than one by one.
   *
   * Not a transaction: the kernel goes on after a refusal. Resolves to one place per request, undefined for success. A
   * place with `ENOBUFS` is unknown: read it back.
   */
  async batch(
    requests: readonly NetlinkRequest[],
    options: RequestOptions = {},
  ): Promise<(NetlinkError | undefined)[]> {
    const exchanges: Exchange[] = []
    for (let i = 0; i < requests.length; i += MAX_REQUESTS_IN_FLIGHT) {
      exchanges.push(new Exchange(requests.slice(i, i + MAX_REQUESTS_IN_FLIGHT), false))
    }
    const outcomes = await Promise.all(
      exchanges.map((exchange) => this.#exchanges.run(exchange, options.signal)),
    )
    // The fence may arrive where a refusal before it was lost: then its silence says nothing.
    return outcomes.flatMap(({ errors, loss }) =>
      errors.map((error, index) => error ?? (index < errors.length - 1 ? loss : undefined)),
    )
  }

  /** Receives what the socket's multicast groups tell, until the returned function is called. */
  subscribe(subscriber: NetlinkSubscriber, options: SubscribeOptions = {}): () => void {
    if (this.#closed) throw closedError('subscribe')
    this.#subscribers.set(subscriber, { holdsLoop: options.ref ?? true })
    this.#holdLoop()
    return () => {
      this.#subscribers.delete(subscriber)
      this.#holdLoop()
    }
  }

  /** Closes the socket; requests that wait are rejected with `ERR_NETLINK_CLOSED`. A second call does nothing. */
  async close(): Promise<void> {
    this.#end(closedError)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #message(message: NetlinkMessage): void {
    if (this.#closed) return
    // Port numbers are unique within a namespace only: an event caused from another one may carry ours.
    if (message.portId === this.#portId) {
      if (this.#exchanges.accept(message) || message.type < NLMSG_MIN_TYPE) return
    }
    for (const subscriber of this.#subscribers.keys()) callListener(() => subscriber.message(message))
  }

  #lost(error: NetlinkError): void {
    if (this.#closed) return
    this.#exchanges.lost(error)
    for (const subscriber of this.#subscribers.keys()) callListener(() => subscriber.lost(error))
  }

  #fail(error: NetlinkError): void {
    if (this.#closed) return
    for (const subscriber of this.#subscribers.keys()) callListener(() => subscriber.lost(error))
    this.#end((operation) => errnoError(error.errno!, operation, { syscall: 'recvmsg', cause: error }))
  }

  #end(reason: (operation: string) => NetlinkError): void {
    if (this.#closed) return
    this.#closed = true
    this.#subscribers.clear()
    this.#transport.close()
    this.#exchanges.close(reason)
  }

  #holdLoop(): void {
    if (this.#closed) return
    const isHeld = [...this.#subscribers.values()].some(({ holdsLoop }) => holdsLoop)
    if (this.#exchanges.isBusy || isHeld) this.#transport.ref()
    else this.#transport.unref()
  }
}

function collectInto<T>(results: T[], decode: MessageDecoder<T>): (message: NetlinkMessage) => void {
  return (message) => {
    const result = decode(message)
    if (result !== undefined) results.push(result)
  }
}

function interruptedError(operation: string): NetlinkError {
  return new NetlinkError(`${operation}: the table changed during each of ${MAX_DUMP_ATTEMPTS} dumps`, {
    code: 'ERR_NETLINK_DUMP_INTERRUPTED',
    operation,
    hint: 'Something changes the table without pause',
  })
}
