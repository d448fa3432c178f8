import { setImmediate as nextTurn } from 'node:timers/promises'
import { isNetlinkError, type NetlinkConnection, type NetlinkError } from '@slatfatf/netlink'
import { ConntrackError, isConntrackError } from '../errors/conntrack-error.js'
import type { FlowEvent } from '../events/conntrack-event.js'
import { socketError } from '../events/conntrack-events.js'
import { EventSource, isLoss } from '../events/event-source.js'
import type { CompiledFilter } from '../filter/compile-filter.js'
import type { Flow } from '../flow/flow.js'
import type { FlowKey } from '../flow/flow-key.js'
import { callListener } from './call-listener.js'
import { givenKeyText } from './flow-key-text.js'
import { FlowStore, type FlowStoreListener } from './flow-store.js'
import { readTable } from './read-table.js'
import { Resync, type ResyncReason } from './resync.js'

/**
 * Who is told of what happens to the table. All of it comes after the first reading; what a function throws becomes an uncaught
 * exception and harms nothing else.
 */
export interface FlowTableListener extends FlowStoreListener {
  /** Events were lost; the table will be read anew. What was missed is told as `added`, `changed` and `removed` then. */
  overrun?(loss: { receiveBufferBytes: number }): void
  /** The table has been read anew, and nothing was lost meanwhile. */
  resynced?(reading: { reason: ResyncReason; milliseconds: number }): void
  /** The table is closed, because its socket failed. Without this function that is an uncaught exception. */
  failed?(error: ConntrackError): void
}

export interface FlowTableCounters {
  /** Of flows, as the kernel sent them. */
  events: number
  overruns: number
  /** Readings after overruns that are complete. */
  resyncs: number
  /** Readings by the clock that are complete. */
  reconciliations: number
}

/** `net.netfilter.nf_conntrack_events`: 0, 1, 2; undefined where it cannot be read. */
export type EventMode = 'off' | 'on' | 'auto'

/** @internal */
export interface FlowTableOptions {
  filter: CompiledFilter
  listener: FlowTableListener
  maxReceiveBufferBytes: number
  quietMs: number
  reconcileMs: number
  eventMode: EventMode | undefined
  ref: boolean
  signal: AbortSignal | undefined
}

/** How many entries are removed before others get their turn: about a millisecond. */
const SWEPT_AT_ONCE = 1_000

/**
 * The connection tracking table of one namespace, kept right; made by {@link mirrorTable}.
 *
 * To be read like a map, by original tuple and zone. An iteration that waits in between may miss what comes meanwhile, and
 * give what goes. After closing it stays as it is.
 */
export class FlowTable implements AsyncDisposable, Iterable<Flow> {
  /** Resolves when the table is complete for the first time. Rejects if it was closed or failed before. */
  readonly ready: Promise<void>
  /** How the kernel told of events when the table was opened. */
  readonly eventMode: EventMode | undefined
  readonly #options: FlowTableOptions
  readonly #source: EventSource<string>
  readonly #store: FlowStore
  readonly #resync: Resync
  readonly #counters: FlowTableCounters = { events: 0, overruns: 0, resyncs: 0, reconciliations: 0 }
  readonly #timer: NodeJS.Timeout | undefined
  readonly #abort: () => void
  #isReady = false
  #end: { reason: unknown } | undefined
  #settleReady!: { resolve(): void; reject(reason: unknown): void }

  /** @internal */
  constructor(connection: NetlinkConnection, options: FlowTableOptions) {
    const { filter, maxReceiveBufferBytes, quietMs, reconcileMs, ref, signal } = options
    this.#options = options
    this.eventMode = options.eventMode
    this.#store = new FlowStore(filter.matches)
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    // Whoever does not wait for it shall not be punished.
    this.ready.catch(() => {})
    const listener = {
      event: (event: object) => this.#event(event as FlowEvent),
      loss: () => {},
      gap: () => this.#gap(),
      failed: (error: NetlinkError) => this.#fail(error),
    }
    this.#source = new EventSource(connection, listener, { addresses: 'text', maxReceiveBufferBytes, ref })
    this.#resync = new Resync({
      quietMs,
      ref,
      read: () => this.#read(),
      done: (reason, milliseconds) => this.#done(reason, milliseconds),
      failed: (reason) => this.#fail(reason),
    })
    this.#abort = () => void this.#close(signal!.reason)
    signal?.addEventListener('abort', this.#abort)
    this.#resync.want('start')
    if (reconcileMs > 0) this.#timer = setInterval(() => this.#reconcile(), reconcileMs).unref()
  }

  get size(): number {
    return this.#store.size
  }

  /**
   * The entry with this original tuple and zone (and id, if given), as it was told last. A change makes a new object; timeout,
   * counters and references are renewed in the one that is there. Throws TypeError or RangeError.
   */
  get(key: FlowKey): Flow | undefined {
    const flow = this.#store.get(givenKeyText(key))
    return key.id === undefined || flow?.id === key.id ? flow : undefined
  }

  has(key: FlowKey): boolean {
    return this.get(key) !== undefined
  }

  values(): IterableIterator<Flow> {
    return this.#store.values()
  }

  [Symbol.iterator](): IterableIterator<Flow> {
    return this.values()
  }

  get counters(): Readonly<FlowTableCounters> {
    return { ...this.#counters }
  }

  /** Room for events in the socket, as the kernel counts: about 1,280 bytes an event. Throws `ERR_NETLINK_CLOSED`. */
  get receiveBufferBytes(): number {
    return this.#source.connection.receiveBufferBytes
  }

  /**
   * Waits until all is in the table that happened before the call, and no reading is under way or to come. Rejects with
   * `ERR_CONNTRACK_CLOSED`, or what closed the table.
   */
  async settled(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options
    do {
      this.#throwIfEnded()
      try {
        await this.#source.fence(signal)
      } catch (error) {
        this.#throwIfEnded()
        // The answer was dropped, so a loss has been noticed: its reading is waited for.
        if (!isNetlinkError(error) || !isLoss(error)) throw error
      }
      while (this.#resync.running) await orAborted(this.#resync.running, signal)
    } while (this.#source.isSeeking || this.#resync.running)
    this.#throwIfEnded()
  }

  /** Reads the table anew now, and resolves when that is done. Rejects as {@link settled}. */
  async resync(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.#resync.want('asked')
    await this.settled(options)
  }

  /** Closes the socket; nothing is told from here on. A second call does nothing. */
  async close(): Promise<void> {
    await this.#close(new ConntrackError('the table is closed', { code: 'ERR_CONNTRACK_CLOSED' }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #event(event: FlowEvent): void {
    if (this.#end) return
    this.#counters.events++
    this.#store.apply(event)
  }

  #gap(): void {
    if (this.#end) return
    this.#counters.overruns++
    this.#resync.want('overrun')
    const { receiveBufferBytes } = this.#source.connection
    if (this.#isReady) callListener(() => this.#options.listener.overrun?.({ receiveBufferBytes }))
  }

  async #read(): Promise<void> {
    this.#store.beginReading()
    try {
      await readTable(this.#source.connection, this.#options.filter, (flow) => this.#store.read(flow))
      while (!this.#end && this.#store.sweep(SWEPT_AT_ONCE)) await nextTurn()
    } finally {
      this.#store.endReading()
    }
  }

  #done(reason: ResyncReason, milliseconds: number): void {
    if (reason === 'overrun') this.#counters.resyncs++
    if (reason === 'reconcile') this.#counters.reconciliations++
    const { listener } = this.#options
    if (this.#isReady) callListener(() => listener.resynced?.({ reason, milliseconds }))
    else {
      this.#isReady = true
      this.#store.tell(listener)
      this.#settleReady.resolve()
    }
  }

  /** In the auto mode only those can end without a word that no event has ever told of. */
  #reconcile(): void {
    if (this.eventMode !== 'auto' || this.#store.silent > 0) this.#resync.want('reconcile')
  }

  #fail(reason: unknown): void {
    if (this.#end) return
    const error = isNetlinkError(reason) ? socketError(reason) : reason
    const wasReady = this.#isReady
    void this.#close(error)
    if (!wasReady) return
    callListener(() => {
      const { failed } = this.#options.listener
      if (!failed || !isConntrackError(error)) throw error
      failed.call(this.#options.listener, error)
    })
  }

  #throwIfEnded(): void {
    if (this.#end) throw this.#end.reason
  }

  async #close(reason: unknown): Promise<void> {
    if (this.#end) return
    this.#end = { reason }
    this.#store.tell({})
    this.#options.signal?.removeEventListener('abort', this.#abort)
    clearInterval(this.#timer)
    this.#resync.close()
    this.#settleReady.reject(reason)
    await this.#source.close()
  }
}

/** Waits for what does not end by a signal, until the signal. */
async function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
