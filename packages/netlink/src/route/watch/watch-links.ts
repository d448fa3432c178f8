import type { NetlinkConnection } from '../../connection/connection.js'
import * as rt from '../constants.js'
import type { Link } from '../link/link.js'
import { decodeLinkEvent } from '../link/link-event.js'
import { listLinks } from '../link/links.js'
import type { LinkListener, RemovedLink } from './link-listener.js'
import { checkWatchArguments, openWatch, type WatchOptions } from './open-watch.js'
import { Watch, type WatchSource } from './watch.js'

export type WatchLinksOptions = WatchOptions

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
  checkWatchArguments(listener, options)
  return openWatch([rt.RTNLGRP_LINK], options, (connection, ref) => new LinkWatch(connection, listener, ref))
}

/** The links of one namespace, kept up to date; made by {@link watchLinks}. */
export class LinkWatch extends Watch<number, RemovedLink> {
  /** @internal */
  constructor(connection: NetlinkConnection, listener: LinkListener, ref: boolean) {
    super(connection, source, listener, ref)
  }

  /** By index, as they were told last: up to date before the listener is called. Stays as it is after closing. */
  get links(): ReadonlyMap<number, Link> {
    return this.entries
  }
}

const source: WatchSource<number, RemovedLink> = {
  async read(connection) {
    return new Map((await listLinks(connection)).map((link) => [link.index, link]))
  },
  decode(message) {
    const event = decodeLinkEvent(message)
    if (event === undefined) return undefined
    const { link, isGone, movedToIndex } = event
    const entry = movedToIndex === undefined ? link : { ...link, movedToIndex }
    return { key: link.index, entry, isGone }
  },
}
