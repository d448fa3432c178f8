import { checkFamily, type IpFamily } from '../../codec/ip-prefix.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { familyOf } from '../address-family.js'
import * as rt from '../constants.js'
import {
  decodeNeighbour,
  type IndexedNeighbour,
  type Neighbour,
  nameNeighbour,
} from '../neighbour/neighbour.js'
import { dumpNeighbours } from '../neighbour/neighbours.js'
import { InterfaceTracker } from './interface-tracker.js'
import { checkWatchArguments, openWatch, type WatchOptions } from './open-watch.js'
import { Watch, type WatchListener, type WatchSource } from './watch.js'

export interface WatchNeighboursOptions extends WatchOptions {
  /** @default both */
  family?: IpFamily | undefined
}

/**
 * Tells what happens to the neighbours of one network namespace, until the watch is closed. Equals `ip monitor neigh`.
 *
 * Resolves when the neighbours that are there have been read into `watch.neighbours`; the listener hears of all that comes
 * after. A neighbour is known by its interface's index and its address; `changed` tells another state or link-layer address.
 * The kernel says nothing when a stale entry is used again (`delay`).
 *
 * Requires Linux 4.20, no capability. Rejects as {@link watchLinks} does. See rtnetlink(7), net/core/neighbour.c.
 */
export async function watchNeighbours(
  listener: WatchListener<Neighbour>,
  options: WatchNeighboursOptions = {},
): Promise<NeighbourWatch> {
  checkWatchArguments(listener, options, ['family'])
  checkFamily(options.family)
  return openWatch(
    [rt.RTNLGRP_LINK, rt.RTNLGRP_NEIGH],
    options,
    (connection, ref) => new NeighbourWatch(connection, listener, ref, options.family),
  )
}

/** The neighbours of one namespace, kept up to date; made by {@link watchNeighbours}. */
export class NeighbourWatch extends Watch<string, Neighbour> {
  /** @internal */
  constructor(
    connection: NetlinkConnection,
    listener: WatchListener<Neighbour>,
    ref: boolean,
    family: IpFamily | undefined,
  ) {
    super(connection, neighbourSource(family), listener, ref)
  }

  /** As they were told last, in no particular order; a new array each time. Stays as it is after closing. */
  get neighbours(): Neighbour[] {
    return [...this.entries.values()]
  }
}

function neighbourSource(wanted: IpFamily | undefined): WatchSource<string, Neighbour> {
  const interfaces = new InterfaceTracker()
  return {
    async read(connection) {
      const found = await dumpNeighbours(connection, wanted)
      const names = await interfaces.read(connection)
      const named = found.flatMap((neighbour) => nameNeighbour(neighbour, names) ?? [])
      return new Map(named.map((neighbour) => [keyOf(neighbour), neighbour]))
    },
    decode(message) {
      if (message.type !== rt.RTM_NEWNEIGH && message.type !== rt.RTM_DELNEIGH) {
        return interfaces.hear(message) === 'changed' ? 'unclear' : undefined
      }
      const family = familyOf(message)
      if (family === undefined || (wanted !== undefined && family !== wanted)) return undefined
      const decoded = decodeNeighbour(message, family)
      if (decoded === undefined) return undefined
      const entry = nameNeighbour(decoded, interfaces.names)
      if (entry === undefined) return 'unclear'
      return { key: keyOf(decoded), entry, isGone: message.type === rt.RTM_DELNEIGH }
    },
  }
}

function keyOf({ index, address }: IndexedNeighbour): string {
  return `${index} ${address}`
}
