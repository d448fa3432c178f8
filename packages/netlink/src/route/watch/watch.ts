import type { NetlinkMessage } from '../../codec/message.js'
import { callListener } from '../../connection/call-listener.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { isNetlinkError, type NetlinkError } from '../../errors/netlink-error.js'
import { linkRequest } from '../link/links.js'
import { Mirror, type MirrorEvent, type MirrorListener } from './mirror.js'

/** In every namespace (include/linux/net_namespace.h, LOOPBACK_IFINDEX), so that the kernel has something to answer. */
const LOOPBACK_INDEX = 1

/** One kind of object that can be watched: how all of them are read, and what a message says of one. */
export interface WatchSource<Key, Entry> {
  /** Reads the whole table. Messages are decoded meanwhile. */
  read(connection: NetlinkConnection): Promise<ReadonlyMap<Key, Entry>>
  /** Undefined if the message says nothing; `'unclear'` if only reading anew can tell what has become of the table. */
  decode(
    message: NetlinkMessage,
    entries: ReadonlyMap<Key, Entry>,
  ): MirrorEvent<Key, Entry> | 'unclear' | undefined
}

/**
 * Who is told of the entries of a watched table, and of what befalls the watch. What a function of it throws becomes an
 * uncaught exception and harms nothing else.
 */
export interface WatchListener<Entry> extends MirrorListener<Entry> {
  /**
   * Events were lost (`ENOBUFS`, `ERR_NETLINK_TRUNCATED`, `ERR_NETLINK_MALFORMED`). The table is read anew by itself, and
   * what is different is told. What was and is no more is not told.
   */
  lost?(error: NetlinkError): void
  /** The watch has ended because its socket failed. Without this function that is an uncaught exception. */
  failed?(error: NetlinkError): void
}

/**
 * A table of one network namespace, kept up to date: subscribed first, then read, and read anew after a loss and whenever
 * a message leaves open what it means.
 */
export class Watch<Key, Entry> implements AsyncDisposable {
  readonly #connection: NetlinkConnection
  readonly #source: WatchSource<Key, Entry>
  readonly #listener: WatchListener<Entry>
  readonly #mirror = new Mirror<Key, Entry>()
  #isStarted = false
  #isClosed = false
  #isStale = false
  #reading: Promise<void> | undefined
  #forgetSignal = () => {}

  /** @internal */
  constructor(
    connection: NetlinkConnection,
    source: WatchSource<Key, Entry>,
    listener: WatchListener<Entry>,
    ref: boolean,
  ) {
    this.#connection = connection
    this.#source = source
    this.#listener = listener
    const subscriber = {
      message: (message: NetlinkMessage) => this.#message(message),
      lost: (error: NetlinkError) => this.#lost(error),
    }
    connection.subscribe(subscriber, { ref })
  }

  /** @internal */
  protected get entries(): ReadonlyMap<Key, Entry> {
    return this.#mirror.entries
  }

  /** Closes the socket; nothing is told from here on. A second call does nothing. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#mirror.tell(undefined)
    this.#forgetSignal()
    await this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const abort = () => void this.close()
    signal?.addEventListener('abort', abort)
    this.#forgetSignal = () => signal?.removeEventListener('abort', abort)
    try {
      await this.#read()
    } finally {
      signal?.throwIfAborted()
    }
    this.#isStarted = true
    this.#mirror.tell(this.#listener)
  }

  #message(message: NetlinkMessage): void {
    if (this.#isClosed) return
    try {
      const event = this.#source.decode(message, this.#mirror.entries)
      if (event === 'unclear') this.#readAnew()
      else if (event) this.#mirror.apply(event)
    } catch (error) {
      if (!isNetlinkError(error)) throw error
      this.#lost(error)
    }
  }

  #lost(error: NetlinkError): void {
    if (this.#isClosed) return
    if (!isLoss(error) && error.code !== 'ERR_NETLINK_MALFORMED') {
      this.#fail(error)
      return
    }
    if (this.#isStarted) callListener(() => this.#listener.lost?.(error))
    this.#readAnew()
  }

  #fail(error: NetlinkError): void {
    if (this.#isClosed || !this.#isStarted) return
    void this.close()
    callListener(() => {
      if (this.#listener.failed === undefined) throw error
      this.#listener.failed(error)
    })
  }

  #readAnew(): void {
    this.#read().catch((failure) => this.#fail(failure))
  }

  /** One reading at a time; what is lost during it makes it void, and the next one begins. */
  #read(): Promise<void> {
    this.#isStale = true
    this.#reading ??= this.#readWhileStale().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readWhileStale(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false
      try {
        const entries = await this.#readTable()
        if (!this.#isStale) this.#mirror.endReading(entries)
      } catch (error) {
        if (!isNetlinkError(error) || !isLoss(error)) throw error
        this.#isStale = true
      }
    }
  }

  /** The queue keeps the kernel's order: what comes before the answer to a first request is older than the dump. */
  async #readTable(): Promise<ReadonlyMap<Key, Entry>> {
    await this.#connection.request(linkRequest(LOOPBACK_INDEX), () => this.#mirror.beginReading())
    return this.#source.read(this.#connection)
  }
}

function isLoss({ code }: NetlinkError): boolean {
  return code === 'ENOBUFS' || code === 'ERR_NETLINK_TRUNCATED' || code === 'ERR_NETLINK_DUMP_INTERRUPTED'
}
