import {
  isNetlinkError,
  type NetlinkConnection,
  type NetlinkError,
  type NetlinkMessage,
} from '@slatfatf/netlink'
import type { Addresses } from '../codec/decode-tuple.js'
import type { AddressForm } from '../flow/tuple.js'
import type { ExpectationEvent, FlowEvent } from './conntrack-event.js'
import { decodeEvent } from './decode-event.js'

/** include/uapi/linux/netlink.h: acknowledged, and nothing else. */
const NLMSG_NOOP = 1

/** Whom events are given, as they are read and in the kernel's order. */
export interface EventListener<A extends AddressForm> {
  event(event: FlowEvent<A> | ExpectationEvent<A>): void
  /** A loss has been noticed; more may be missing until {@link gap}, and nobody would tell. */
  loss(): void
  /** Here events are missing. What is read of the table from here on is later than any of them. */
  gap(): void
  /** The socket has failed and is closed. */
  failed(error: NetlinkError): void
}

export interface EventSourceOptions {
  addresses: Addresses
  /** How large the receive buffer may become. */
  maxReceiveBufferBytes: number
  /** Whether it keeps the process alive. */
  ref: boolean
}

/**
 * The events of one socket, and where some are missing.
 *
 * After an overflow the kernel drops everything until the socket's queue is empty, tells so once, and tells it before what
 * had been queued earlier. So a loss is no place in the stream. The place is where the queue has become empty: a
 * request finds it. Its answer stands behind all that was queued, and if it is dropped too, then until the queue is empty.
 */
export class EventSource<A extends AddressForm> {
  readonly connection: NetlinkConnection
  readonly #listener: EventListener<A>
  readonly #options: EventSourceOptions
  readonly #unsubscribe: () => void
  #isSeeking = false
  #isLostAgain = false

  constructor(connection: NetlinkConnection, listener: EventListener<A>, options: EventSourceOptions) {
    this.connection = connection
    this.#listener = listener
    this.#options = options
    const subscriber = {
      message: (message: NetlinkMessage) => this.#message(message),
      lost: (error: NetlinkError) => this.#lost(error),
    }
    this.#unsubscribe = connection.subscribe(subscriber, { ref: options.ref })
  }

  /** Whether a loss has been noticed and its place has not been found yet. */
  get isSeeking(): boolean {
    return this.#isSeeking
  }

  /**
   * Resolves when all that is queued now has been given. Rejects with `ENOBUFS` if the answer was dropped: then the queue has
   * become empty. Requests about entries would wait in the sending call as long as somebody flushes the table; this one asks
   * for nothing.
   */
  async fence(signal?: AbortSignal): Promise<void> {
    const request = { type: NLMSG_NOOP, operation: 'events' }
    try {
      await this.connection.request(request, undefined, signal ? { signal } : {})
    } catch (error) {
      // A process may have given up its capability since: no is an answer too.
      if (!isNetlinkError(error) || error.code !== 'EPERM') throw error
    }
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    await this.connection.close()
  }

  #message(message: NetlinkMessage): void {
    let event: FlowEvent<A> | ExpectationEvent<A> | undefined
    try {
      event = decodeEvent<A>(message, this.#options.addresses)
    } catch (error) {
      if (!isNetlinkError(error)) throw error
      this.#lost(error)
      return
    }
    if (event) this.#listener.event(event)
  }

  #lost(error: NetlinkError): void {
    if (!isLoss(error)) {
      this.#listener.failed(error)
      return
    }
    if (error.code === 'ENOBUFS') this.#growBuffer()
    this.#listener.loss()
    this.#isLostAgain = true
    if (!this.#isSeeking) void this.#seekGap()
  }

  #growBuffer(): void {
    const { connection } = this
    const present = connection.receiveBufferBytes
    const wanted = Math.min(2 * present, this.#options.maxReceiveBufferBytes)
    if (wanted > present) connection.growReceiveBuffer(wanted)
  }

  async #seekGap(): Promise<void> {
    this.#isSeeking = true
    while (this.#isLostAgain) {
      this.#isLostAgain = false
      try {
        await this.fence()
      } catch (error) {
        // Closed or failed: that has been told.
        if (!isNetlinkError(error) || !isLoss(error)) break
      }
      // Told before what was queued earlier, a further loss may lie behind the answer.
      if (!this.#isLostAgain) this.#listener.gap()
    }
    this.#isSeeking = false
  }
}

/** Whether the socket goes on. */
export function isLoss({ code }: NetlinkError): boolean {
  return code === 'ENOBUFS' || code === 'ERR_NETLINK_TRUNCATED' || code === 'ERR_NETLINK_MALFORMED'
}
