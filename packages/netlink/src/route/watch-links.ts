import { callListener } from '../call-listener.js'
import type { NetlinkConnection } from '../connection.js'
import { NETLINK_ROUTE } from '../constants.js'
import { isNetlinkError, type NetlinkError } from '../errors.js'
import { invalidType } from '../invalid-argument.js'
import type { NetlinkMessage } from '../message.js'
import { openNetlink } from '../open-netlink.js'
import * as rt from './constants.js'
import { decodeLinkEvent } from './link-event.js'
import type { LinkListener } from './link-listener.js'
import { LinkTable } from './link-table.js'
import { type Link, linkRequest, listLinks } from './links.js'

/** In every namespace (include/linux/net_namespace.h, LOOPBACK_IFINDEX), so that the kernel has something to answer. */
const LOOPBACK_INDEX = 1

export interface WatchLinksOptions {
  /** Path of a network namespace, such as `/run/netns/blue`. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string
  /** Whether the watch keeps the process alive. @default true */
  ref?: boolean
  /** Ends the watch, as `close()` does. */
  signal?: AbortSignal
  /** Room for events that wait to be read. See {@link OpenNetlinkOptions}. @default net.core.rmem_default */
  receiveBufferBytes?: number
}

/**
 * Tells what happens to the links of one network namespace, until the watch is closed. Equals `ip monitor link`.
 *
 * Resolves when the links that are there have been read into `watch.links`; the listener hears of all that comes after, in
 * the kernel's order. A message in which nothing that {@link Link} shows is different is not told. Of some changes the kernel
 * sends none: a TUN device's owner and persistence, and of a link that is down the carrier and TUN queues. These are as fresh
 * as the last event; ask `RouteSocket.link()` for them.
 *
 * Requires Linux 4.20, no capability. Rejects with NetlinkError (`EPERM` or `ENOENT` for the namespace,
 * `ERR_UNSUPPORTED_PLATFORM`), TypeError, RangeError or the signal's reason. See rtnetlink(7).
 */
export async function watchLinks(
  listener: LinkListener,
  options: WatchLinksOptions = {},
): Promise<LinkWatch> {
  const { netns, ref = true, signal, receiveBufferBytes } = options
  if (typeof listener !== 'object' || listener === null) {
    throw invalidType('listener', 'an object with functions', listener)
  }
  if (typeof ref !== 'boolean') throw invalidType('ref', 'a boolean', ref)
  signal?.throwIfAborted()
  const connection = await openNetlink({
    protocol: NETLINK_ROUTE,
    groups: [rt.RTNLGRP_LINK],
    ...(netns !== undefined && { netns }),
    ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
  })
  const watch = new LinkWatch(connection, listener, ref)
  try {
    await watch.start(signal)
    return watch
  } catch (error) {
    await watch.close()
    throw error
  }
}

/** The links of one namespace, kept up to date; made by {@link watchLinks}. */
export class LinkWatch implements AsyncDisposable {
  readonly #connection: NetlinkConnection
  readonly #listener: LinkListener
  readonly #table = new LinkTable()
  #isStarted = false
  #isClosed = false
  #isStale = false
  #reading: Promise<void> | undefined
  #forgetSignal = () => {}

  /** @internal */
  constructor(connection: NetlinkConnection, listener: LinkListener, ref: boolean) {
    this.#connection = connection
    this.#listener = listener
    const subscriber = {
      message: (message: NetlinkMessage) => this.#message(message),
      lost: (error: NetlinkError) => this.#lost(error),
    }
    connection.subscribe(subscriber, { ref })
  }

  /** By index, as they were told last: up to date before the listener is called. Stays as it is after closing. */
  get links(): ReadonlyMap<number, Link> {
    return this.#table.links
  }

  /** Closes the socket; nothing is told from here on. A second call does nothing. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#table.tell(undefined)
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
    this.#table.tell(this.#listener)
  }

  #message(message: NetlinkMessage): void {
    if (this.#isClosed) return
    try {
      const event = decodeLinkEvent(message)
      if (event) this.#table.apply(event)
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
    this.#read().catch((failure) => this.#fail(failure))
  }

  #fail(error: NetlinkError): void {
    if (this.#isClosed || !this.#isStarted) return
    void this.close()
    callListener(() => {
      if (this.#listener.failed === undefined) throw error
      this.#listener.failed(error)
    })
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
        const links = await this.#readLinks()
        if (!this.#isStale) this.#table.endReading(links)
      } catch (error) {
        if (!isNetlinkError(error) || !isLoss(error)) throw error
        this.#isStale = true
      }
    }
  }

  /** The queue keeps the kernel's order: what comes before the answer to a first request is older than the dump. */
  async #readLinks(): Promise<Link[]> {
    await this.#connection.request(linkRequest(LOOPBACK_INDEX), () => this.#table.beginReading())
    return listLinks(this.#connection)
  }
}

function isLoss({ code }: NetlinkError): boolean {
  return code === 'ENOBUFS' || code === 'ERR_NETLINK_TRUNCATED' || code === 'ERR_NETLINK_DUMP_INTERRUPTED'
}
