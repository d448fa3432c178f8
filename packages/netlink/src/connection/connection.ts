import type { NetlinkTransport } from '../binding.js'
import type { NetlinkMessage } from '../codec/message.js'
import type { PayloadWriter } from '../codec/payload-writer.js'
import { MAX_DUMP_ATTEMPTS, NLMSG_MIN_TYPE } from '../constants.js'
import { checkSignal } from '../errors/invalid-argument.js'
import { closedError, errnoError, NetlinkError } from '../errors/netlink-error.js'
import { Bulk } from './bulk.js'
import { type BulkOptions, checkBulk } from './bulk-options.js'
import { batchPlan, bulkPlan } from './bulk-plan.js'
import type { BulkResult } from './bulk-result.js'
import { callListener } from './call-listener.js'
import { Exchange, type NetlinkRequest } from './exchange.js'
import { ExchangeQueue } from './exchange-queue.js'
import { MessageSource } from './message-source.js'
import { NetlinkStream } from './netlink-stream.js'
import { Polling } from './polling.js'
import { SocketSettings } from './socket-settings.js'
import type { NetlinkSubscriber, SubscribeOptions } from './subscriber.js'

export interface RequestOptions {
  /** Stops the waiting, not the kernel: a request already sent may still take effect. */
  signal?: AbortSignal
}

export interface DumpOptions extends RequestOptions {
  /** Called before a dump is made anew; what `decode` was given until then is void. */
  onRestart?: () => void
}

/** A decoder of replies; `undefined` keeps the reply out of the result. */
export type MessageDecoder<T> = (message: NetlinkMessage) => T | undefined

/**
 * Requests and their answers on one netlink socket; made by {@link openNetlink}.
 *
 * Guarantees: an answer reaches the request that asked for it, whatever the order and the number of requests; a loss is
 * never taken for success. Nothing keeps the event loop for more than a few milliseconds, but for what your own functions
 * take. An idle connection does not keep the process alive, a subscribed one does unless it was told otherwise.
 */
export class NetlinkConnection implements AsyncDisposable {
  readonly #transport: NetlinkTransport
  readonly #portId: number
  readonly #settings: SocketSettings
  readonly #exchanges: ExchangeQueue
  readonly #source: MessageSource
  readonly #polling: Polling
  readonly #subscribers = new Map<NetlinkSubscriber, { holdsLoop: boolean }>()
  #closed = false

  /** @internal */
  constructor(transport: NetlinkTransport, { lossIsSilent = false } = {}) {
    this.#transport = transport
    this.#portId = transport.portId()
    this.#settings = new SocketSettings(transport)
    this.#exchanges = new ExchangeQueue(transport, lossIsSilent, () => this.#updatePolling())
    this.#source = new MessageSource(transport, {
      message: (message) => this.#message(message),
      lost: (error) => this.#lost(error),
      drained: () => this.#exchanges.drained(),
      failed: (error) => this.#fail(error),
      wantsMore: () => this.#wantsMore(),
    })
    this.#polling = new Polling(transport, () => {
      this.#source.readable()
      this.#updatePolling()
    })
    const status = this.#polling.update(true, false)
    if (status < 0) throw errnoError(status, 'open netlink', { syscall: 'uv_poll_start' })
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
    const exchange = new Exchange(request, false, decode && collectInto(results, decode))
    const { loss } = await this.#exchanges.run(exchange, options.signal)
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
      const exchange = new Exchange(request, true, collectInto(results, decode))
      const { interrupted, loss } = await this.#exchanges.run(exchange, options.signal)
      if (!loss && !interrupted) return results
      if (attempt === MAX_DUMP_ATTEMPTS) throw loss ?? interruptedError(exchange.operation)
      options.onRestart?.()
    }
  }

  /**
   * Reads a table of any size entry by entry, in flat memory: the kernel goes on with a dump only as it is read, and it
   * is read only as the entries are asked for.
   *
   * Give it a connection of its own. On a shared one everything works, but the rest of the dump is read into memory
   * whenever a request, another dump or a subscriber needs the socket. What was given cannot be taken back, so nothing is
   * made anew: at its end the iteration throws `ERR_NETLINK_DUMP_INTERRUPTED` when the table changed under the dump, or
   * `ERR_NETLINK_TRUNCATED` when a datagram was cut; otherwise it throws as {@link request} rejects. After `break` the
   * connection is usable; see {@link NetlinkStream.return}.
   */
  stream<T>(
    request: NetlinkRequest,
    decode: MessageDecoder<T>,
    options: RequestOptions = {},
  ): NetlinkStream<T> {
    checkSignal(options.signal)
    const wire = {
      exchanges: this.#exchanges,
      source: this.#source,
      changed: () => this.#updatePolling(),
    }
    return new NetlinkStream(wire, request, decode, options.signal)
  }

  /**
   * Sends `count` messages of one type as fast as the kernel takes them. `write(index, writer)` writes each payload straight
   * into the outgoing datagram: nothing is allocated or copied per message.
   *
   * Not a transaction: the kernel goes on after a refusal, and the result tells what became of each message. After an overflow
   * of the receive buffer, everything in that datagram for which there is no answer is unknown, never ok. Needs some memory:
   * three bytes a message. Give up to 256 refusals a datagram the default receive buffer, more of them more `receiveBufferBytes`.
   *
   * Rejects with what `write` or `reply` throws, `ERR_NETLINK_CLOSED`, or the signal's reason; datagrams sent until then have taken
   * effect, the one being written was not sent.
   */
  async bulk(
    count: number,
    write: (index: number, writer: PayloadWriter) => void,
    options: BulkOptions,
  ): Promise<BulkResult> {
    checkBulk(count, write, options)
    return this.#bulk(bulkPlan(count, write, options)).run(options.signal)
  }

  /**
   * Sends many requests, up to 128 to a datagram, and asks for one acknowledgement per datagram: faster than one by one.
   * For more than some thousand of one type, {@link bulk} is faster still.
   *
   * Not a transaction: the kernel goes on after a refusal. Resolves to one place per request, undefined for success. A
   * place with `ENOBUFS` is unknown: read it back.
   */
  async batch(
    requests: readonly NetlinkRequest[],
    options: RequestOptions = {},
  ): Promise<(NetlinkError | undefined)[]> {
    const result = await this.#bulk(batchPlan(requests)).run(options.signal)
    return requests.map((_, index) => result.errorAt(index))
  }

  /** Receives what the socket's multicast groups tell, until the returned function is called. */
  subscribe(subscriber: NetlinkSubscriber, options: SubscribeOptions = {}): () => void {
    if (this.#closed) throw closedError('subscribe')
    this.#subscribers.set(subscriber, { holdsLoop: options.ref ?? true })
    this.#updatePolling()
    return () => {
      this.#subscribers.delete(subscriber)
      this.#updatePolling()
    }
  }

  /** Joins a multicast group, as `groups` of {@link openNetlink} does. Throws NetlinkError (`EPERM`, `EINVAL` for a number too large). */
  join(group: number): void {
    this.#settings.join(group)
  }

  /** Leaves a multicast group. What the kernel has queued before still comes. */
  leave(group: number): void {
    this.#settings.leave(group)
  }

  /** Room for what waits to be read, as the kernel counts: about 830 bytes an acknowledgement, 1,280 an event. */
  get receiveBufferBytes(): number {
    return this.#settings.receiveBufferBytes
  }

  /**
   * Makes the receive buffer at least this large, and returns the size in force: less than asked for without CAP_NET_ADMIN
   * where it exceeds twice net.core.rmem_max. What waits in it stays. Throws `ERR_NETLINK_CLOSED`.
   */
  growReceiveBuffer(bytes: number): number {
    return this.#settings.growReceiveBuffer(bytes)
  }

  /** Closes the socket; requests that wait are rejected with `ERR_NETLINK_CLOSED`. A second call does nothing. */
  async close(): Promise<void> {
    this.#end(closedError)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #bulk(plan: ConstructorParameters<typeof Bulk>[0]): Bulk {
    return new Bulk(plan, {
      transport: this.#transport,
      exchanges: this.#exchanges,
      source: this.#source,
      isShared: () => this.#subscribers.size > 0 || this.#exchanges.inFlight > 0,
    })
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

  /** A paused dump stays with the kernel, as long as nobody else needs what comes after it. */
  #wantsMore(): boolean {
    return !this.#closed && (this.#subscribers.size > 0 || !this.#exchanges.isPaused)
  }

  #updatePolling(): void {
    if (this.#closed) return
    const isHeld =
      this.#exchanges.isBusy || [...this.#subscribers.values()].some(({ holdsLoop }) => holdsLoop)
    this.#polling.update(this.#wantsMore(), isHeld)
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
