import type { NetlinkTransport } from './binding.js'
import {
  MAX_DUMP_ATTEMPTS,
  MAX_REQUESTS_IN_FLIGHT,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
} from './constants.js'
import { closedError, errnoError, NetlinkError } from './errors.js'
import { Exchange, type NetlinkRequest } from './exchange.js'
import { encodeMessages, type NetlinkMessage } from './message.js'
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
   * anew, and open with more `receiveBufferBytes` if it happens again.
   */
  lost(error: NetlinkError): void
}

/** A decoder of replies; `undefined` keeps the reply out of the result. */
export type MessageDecoder<T> = (message: NetlinkMessage) => T | undefined

/**
 * Requests and their answers on one netlink socket; made by {@link openNetlink}.
 *
 * Guarantees: an answer reaches the request that asked for it; no more than 64 requests are in flight, so that their
 * acknowledgements fit the default receive buffer; one dump runs at a time, as the kernel wants it; a loss is never taken
 * for success. An idle connection does not keep the process alive, a subscribed one does.
 */
export class NetlinkConnection implements AsyncDisposable {
  readonly #transport: NetlinkTransport
  readonly #portId: number
  readonly #waiting: Exchange[] = []
  readonly #inFlight = new Map<number, Exchange>()
  readonly #subscribers = new Set<NetlinkSubscriber>()
  #nextSequence = 1
  #dumping = false
  #loss: NetlinkError | undefined
  #closed = false

  /** @internal */
  constructor(transport: NetlinkTransport) {
    this.#transport = transport
    this.#portId = transport.portId()
    const source = new MessageSource(transport, {
      message: (message) => this.#message(message),
      lost: (error) => this.#lost(error),
      drained: () => this.#drained(),
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
    const { errors, loss } = await this.#run(exchange, options.signal)
    if (errors[0]) throw errors[0]
    if (loss && decode) throw loss
    return results
  }

  /**
   * Reads a whole table (NLM_F_DUMP). `decode` sees each entry as it arrives and may keep it elsewhere by returning undefined.
   *
   * The dump is made anew, eight times at most, when the table changed under it or a datagram was cut; then it rejects
   * with `ERR_NETLINK_DUMP_INTERRUPTED` or `ERR_NETLINK_TRUNCATED`. Otherwise as {@link request}.
   */
  async dump<T>(request: NetlinkRequest, decode: MessageDecoder<T>, options: DumpOptions = {}): Promise<T[]> {
    const operation = request.operation ?? `dump of type ${request.type}`
    for (let attempt = 1; ; attempt++) {
      const results: T[] = []
      const exchange = new Exchange([{ ...request, operation }], true, collectInto(results, decode))
      const { errors, interrupted, loss } = await this.#run(exchange, options.signal)
      const error = errors[0]
      if (error && error !== loss) throw error
      if (!loss && !interrupted) return results
      if (attempt === MAX_DUMP_ATTEMPTS) throw loss ?? interruptedError(operation)
      options.onRestart?.()
    }
  }

  /**
   * Sends many requests, 64 to a datagram, and asks for one acknowledgement per datagram: about twice as fast as one by one.
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
    const outcomes = await Promise.all(exchanges.map((exchange) => this.#run(exchange, options.signal)))
    // The fence may arrive where a refusal before it was lost: then its silence says nothing.
    return outcomes.flatMap(({ errors, loss }) =>
      errors.map((error, index) => error ?? (index < errors.length - 1 ? loss : undefined)),
    )
  }

  /** Receives what the socket's multicast groups tell, until the returned function is called. */
  subscribe(subscriber: NetlinkSubscriber): () => void {
    if (this.#closed) throw closedError('subscribe')
    this.#subscribers.add(subscriber)
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

  async #run(exchange: Exchange, signal: AbortSignal | undefined) {
    signal?.throwIfAborted()
    if (this.#closed) throw closedError(operationOf(exchange))
    const abort = () => {
      exchange.abandoned = true
      exchange.fail(signal!.reason)
      const at = this.#waiting.indexOf(exchange)
      if (at >= 0) this.#waiting.splice(at, 1)
    }
    signal?.addEventListener('abort', abort)
    this.#waiting.push(exchange)
    this.#advance()
    try {
      return await exchange.outcome
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  #advance(): void {
    for (let i = 0; i < this.#waiting.length; ) {
      const exchange = this.#waiting[i]!
      const room = MAX_REQUESTS_IN_FLIGHT - this.#inFlight.size
      if (exchange.requests.length > room) break
      if (exchange.isDump && this.#dumping) i++
      else {
        this.#waiting.splice(i, 1)
        this.#send(exchange)
      }
    }
    this.#holdLoop()
  }

  #send(exchange: Exchange): void {
    const flags = NLM_F_REQUEST | (exchange.isDump ? NLM_F_DUMP : 0)
    const messages = exchange.number(this.#nextSequence, flags, exchange.isDump ? flags : flags | NLM_F_ACK)
    this.#nextSequence = (this.#nextSequence + messages.length) >>> 0
    const sent = this.#transport.send(encodeMessages(messages))
    if (sent < 0) {
      exchange.fail(errnoError(sent, operationOf(exchange), { syscall: 'sendmsg' }))
      return
    }
    for (const sequence of exchange.sequences) this.#inFlight.set(sequence, exchange)
    if (exchange.isDump) this.#dumping = true
  }

  #message(message: NetlinkMessage): void {
    if (this.#closed) return
    if (message.portId === this.#portId) {
      const exchange = this.#inFlight.get(message.sequence)
      if (!exchange?.accept(message)) return
      this.#forget(exchange)
      exchange.finish()
      this.#advance()
      return
    }
    for (const subscriber of this.#subscribers) guard(() => subscriber.message(message))
  }

  #lost(error: NetlinkError): void {
    if (this.#closed) return
    this.#loss ??= error
    for (const exchange of this.#inFlight.values()) {
      // The kernel queues the parts of a dump whatever the buffer holds: an overflow costs it nothing.
      if (!exchange.isDump || error.code !== 'ENOBUFS') exchange.loss ??= error
    }
    for (const subscriber of this.#subscribers) guard(() => subscriber.lost(error))
  }

  /** The kernel answers within the sending call. So after a loss, what the empty queue did not answer was lost. */
  #drained(): void {
    const loss = this.#loss
    this.#loss = undefined
    if (!loss) return
    for (const exchange of new Set(this.#inFlight.values())) {
      this.#forget(exchange)
      exchange.finishWithout(loss)
    }
    this.#advance()
  }

  #forget(exchange: Exchange): void {
    for (const sequence of exchange.sequences) this.#inFlight.delete(sequence)
    if (exchange.isDump) this.#dumping = false
  }

  #fail(error: NetlinkError): void {
    for (const subscriber of this.#subscribers) guard(() => subscriber.lost(error))
    this.#end((operation) => errnoError(error.errno!, operation, { syscall: 'recvmsg', cause: error }))
  }

  #end(reason: (operation: string) => NetlinkError): void {
    if (this.#closed) return
    this.#closed = true
    this.#transport.close()
    const unanswered = new Set([...this.#inFlight.values(), ...this.#waiting])
    this.#inFlight.clear()
    this.#waiting.length = 0
    this.#subscribers.clear()
    for (const exchange of unanswered) exchange.fail(reason(operationOf(exchange)))
  }

  #holdLoop(): void {
    if (this.#closed) return
    if (this.#inFlight.size > 0 || this.#subscribers.size > 0) this.#transport.ref()
    else this.#transport.unref()
  }
}

function collectInto<T>(results: T[], decode: MessageDecoder<T>): (message: NetlinkMessage) => void {
  return (message) => {
    const result = decode(message)
    if (result !== undefined) results.push(result)
  }
}

function operationOf({ requests }: Exchange): string {
  return requests[0]!.operation ?? `message type ${requests[0]!.type}`
}

function interruptedError(operation: string): NetlinkError {
  return new NetlinkError(`${operation}: the table changed during each of ${MAX_DUMP_ATTEMPTS} dumps`, {
    code: 'ERR_NETLINK_DUMP_INTERRUPTED',
    operation,
    hint: 'Something changes the table without pause',
  })
}

/** What a subscriber throws is the application's: it becomes an uncaught exception and harms no other message. */
function guard(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
