import type { NetlinkConnection, NetlinkError } from '@slatfatf/netlink'
import { ConntrackError } from '../errors/conntrack-error.js'
import type { FlowPredicate } from '../filter/compile-filter.js'
import type { AddressForm } from '../flow/tuple.js'
import type { ConntrackEvent, ExpectationEvent, FlowEvent, OverrunEvent } from './conntrack-event.js'
import { EventQueue } from './event-queue.js'
import { EventSource, type EventSourceOptions } from './event-source.js'

/** @internal */
export interface ConntrackEventsOptions extends EventSourceOptions {
  matches: FlowPredicate | undefined
  maxQueuedEvents: number
  signal: AbortSignal | undefined
}

/**
 * The events of connection tracking as they come; made by {@link openEvents}.
 *
 * Iterate it once. `break`, `return()`, `close()` and the signal end it; an overrun does not.
 */
export class ConntrackEvents<A extends AddressForm = string>
  implements AsyncIterableIterator<ConntrackEvent<A>>, AsyncDisposable
{
  readonly #source: EventSource<A>
  readonly #queue: EventQueue<ConntrackEvent<A>>
  readonly #signal: AbortSignal | undefined
  readonly #abort: () => void
  #overruns = 0
  #isClosed = false
  #receiveBufferBytes: number

  /** @internal */
  constructor(connection: NetlinkConnection, options: ConntrackEventsOptions) {
    const { matches, signal } = options
    this.#receiveBufferBytes = connection.receiveBufferBytes
    this.#queue = new EventQueue(options.maxQueuedEvents, () => this.#overrun('queue'))
    const event = (event: FlowEvent<A> | ExpectationEvent<A>) => this.#queue.push(event)
    const matching = (event: FlowEvent<A> | ExpectationEvent<A>) => {
      if (!('flow' in event) || matches!(event.flow)) this.#queue.push(event)
    }
    const listener = {
      event: matches ? matching : event,
      loss: () => {},
      gap: () => this.#queue.push(this.#overrun('socket')),
      failed: (error: NetlinkError) => void this.#end(socketError(error)),
    }
    this.#source = new EventSource<A>(connection, listener, options)
    this.#signal = signal
    this.#abort = () => void this.#end(signal!.reason)
    signal?.addEventListener('abort', this.#abort)
  }

  /** Room for events in the socket, as the kernel counts: about 1,280 bytes an event. */
  get receiveBufferBytes(): number {
    if (!this.#isClosed) this.#receiveBufferBytes = this.#source.connection.receiveBufferBytes
    return this.#receiveBufferBytes
  }

  /** How often events were lost so far. */
  get overruns(): number {
    return this.#overruns
  }

  /** Events that were read and not asked for yet. */
  get queuedEvents(): number {
    return this.#queue.length
  }

  /** Rejects once with the signal's reason, or with ConntrackError if the socket failed. */
  next(): Promise<IteratorResult<ConntrackEvent<A>, undefined>> {
    return this.#queue.next()
  }

  async return(): Promise<IteratorResult<ConntrackEvent<A>, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  /** Closes the socket and forgets what is queued; whoever waits is told the end. A second call does nothing. */
  async close(): Promise<void> {
    this.#queue.clear()
    this.#queue.end()
    await this.#closeSource()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #overrun(where: 'socket' | 'queue'): OverrunEvent {
    this.#overruns++
    return { type: 'overrun', where, receiveBufferBytes: this.receiveBufferBytes }
  }

  async #end(reason: unknown): Promise<void> {
    this.#queue.clear()
    this.#queue.fail(reason)
    await this.#closeSource()
  }

  async #closeSource(): Promise<void> {
    if (this.#isClosed) return
    this.#receiveBufferBytes = this.receiveBufferBytes
    this.#isClosed = true
    this.#signal?.removeEventListener('abort', this.#abort)
    await this.#source.close()
  }
}

/** What ended the socket, in the words of this package. */
export function socketError(error: NetlinkError): ConntrackError {
  const { code, errno, hint, message } = error
  return new ConntrackError(`events: ${message}`, { code, errno, hint, operation: 'events', cause: error })
}
