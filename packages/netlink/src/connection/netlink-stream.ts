import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NetlinkMessage } from '../codec/message.js'
import { NLM_F_DUMP_FILTERED, TURN_MS } from '../constants.js'
import { NetlinkError } from '../errors/netlink-error.js'
import { Exchange, type NetlinkRequest } from './exchange.js'
import type { ExchangeQueue } from './exchange-queue.js'
import type { MessageSource } from './message-source.js'

export interface StreamWire {
  exchanges: ExchangeQueue
  source: MessageSource
  /** Whether the stream is paused has changed. */
  changed(): void
}

/**
 * A dump as it comes; made by {@link NetlinkConnection.stream}.
 *
 * Iterate it once, by entries or by {@link batches}. The request is sent when the first entry is asked for.
 */
export class NetlinkStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #wire: StreamWire
  readonly #exchange: Exchange
  readonly #signal: AbortSignal | undefined
  #state: 'new' | 'running' | 'ended' = 'new'
  #failure: { reason: unknown } | undefined
  #filtered: boolean | undefined
  #arrived: T[] = []
  /** The batch that is being handed out, and how far. */
  #batch: T[] = []
  #at = 0
  #turnEnd = 0
  #asking = 0
  #lastAsked: Promise<void> | undefined
  #wake: (() => void) | undefined

  /** @internal */
  constructor(
    wire: StreamWire,
    request: NetlinkRequest,
    decode: (message: NetlinkMessage) => T | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#wire = wire
    this.#signal = signal
    this.#exchange = new Exchange(request, true, (message) => {
      this.#filtered = this.#filtered || (message.flags & NLM_F_DUMP_FILTERED) !== 0
      try {
        const entry = decode(message)
        if (entry !== undefined) this.#arrived.push(entry)
      } catch (reason) {
        this.#failure = { reason }
        this.#stop(reason)
      }
      if (this.#wake) this.#exchange.isPaused = true
      this.#wake?.()
    })
  }

  /**
   * Whether the kernel applied the filter of the request (NLM_F_DUMP_FILTERED); undefined while nothing has come. An older
   * kernel may ignore a filter and return everything.
   */
  get filtered(): boolean | undefined {
    return this.#filtered
  }

  /** Whether the table changed under the dump (NLM_F_DUMP_INTR) so far: entries may be missing or doubled. */
  get interrupted(): boolean {
    return this.#exchange.interrupted
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#asking === 0 && this.#at < this.#batch.length) {
      return Promise.resolve({ done: false, value: this.#batch[this.#at++]! })
    }
    return this.#afterOthers(async () => {
      if (this.#at === this.#batch.length && !(await this.#nextBatch()))
        return { done: true, value: undefined }
      return { done: false, value: this.#batch[this.#at++]! }
    })
  }

  /**
   * The same in arrays, one for each datagram of up to 32 KiB (about 130 conntrack entries, 300 routes): the
   * least work per entry. `break` ends the stream.
   */
  batches(): AsyncIterableIterator<T[]> {
    const iterator: AsyncIterableIterator<T[]> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () =>
        this.#afterOthers(async () => {
          if (this.#at === this.#batch.length && !(await this.#nextBatch())) {
            return { done: true, value: undefined }
          }
          const value = this.#at === 0 ? this.#batch : this.#batch.slice(this.#at)
          this.#at = this.#batch.length
          return { done: false, value }
        }),
      return: async () => {
        await this.return()
        return { done: true, value: undefined }
      },
    }
    return iterator
  }

  /**
   * Ends the stream. The kernel knows no way to end a dump: what remains of it is read and dropped in the background, and
   * the next dump on this connection waits for that. Closing the connection ends both at once.
   */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#stop(undefined)
    this.#forget()
    this.#failure = undefined
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Several may ask at once: each gets his turn. */
  #afterOthers<R>(take: () => Promise<R>): Promise<R> {
    const others = this.#asking++ === 0 ? undefined : this.#lastAsked
    const mine = (async () => {
      try {
        await others
        return await take()
      } finally {
        this.#asking--
      }
    })()
    this.#lastAsked = mine.then(
      () => {},
      () => {},
    )
    return mine
  }

  /** Makes the next entries the batch; false at the end. */
  async #nextBatch(): Promise<boolean> {
    if (this.#state === 'new') this.#start()
    while (this.#arrived.length === 0 && this.#state === 'running') {
      if (performance.now() > this.#turnEnd) {
        // A consumer that never waits for anything else must not keep everybody else from the loop.
        await nextTurn()
        this.#turnEnd = performance.now() + TURN_MS
      }
      if (this.#state === 'running' && !this.#wire.source.readBatch(1) && this.#arrived.length === 0) {
        await this.#arrival()
      }
    }
    this.#batch = this.#arrived
    this.#arrived = []
    this.#at = 0
    if (this.#batch.length > 0) return true
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.reason
    return false
  }

  #start(): void {
    this.#state = 'running'
    this.#exchange.isPaused = true
    this.#turnEnd = performance.now() + TURN_MS
    const { operation } = this.#exchange
    this.#wire.exchanges.run(this.#exchange, this.#signal).then(
      ({ interrupted, loss }) => {
        if (loss) this.#failure = { reason: loss }
        else if (interrupted) this.#failure = { reason: interruptedError(operation) }
        this.#finish()
      },
      (reason) => {
        if (this.#state === 'running') this.#failure = { reason }
        if (this.#signal?.aborted) this.#forget()
        this.#finish()
      },
    )
  }

  /** Waits for the socket like everybody else, until something has come. */
  async #arrival(): Promise<void> {
    this.#exchange.isPaused = false
    this.#wire.changed()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }

  #finish(): void {
    this.#state = 'ended'
    this.#wake?.()
  }

  #stop(reason: unknown): void {
    const wasRunning = this.#state === 'running'
    this.#finish()
    if (wasRunning) this.#wire.exchanges.abandon(this.#exchange, reason)
  }

  #forget(): void {
    this.#arrived = []
    this.#batch = []
    this.#at = 0
  }
}

function interruptedError(operation: string): NetlinkError {
  return new NetlinkError(`${operation}: the table changed under the dump`, {
    code: 'ERR_NETLINK_DUMP_INTERRUPTED',
    operation,
    hint: 'Entries may be missing or doubled: read it again',
  })
}
