import { checkFamily, type IpFamily } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_REPLACE } from '../../constants.js'
import { checkInteger } from '../../errors/invalid-argument.js'
import { familiesOf, familyOf } from '../address-family.js'
import * as rt from '../constants.js'
import { type DecodedRoute, decodeRoute, nameInterfaces, type Route } from '../route/route.js'
import { dumpRoutes } from '../route/routes.js'
import { InterfaceTracker } from './interface-tracker.js'
import { checkWatchArguments, openWatch, type WatchOptions } from './open-watch.js'
import { Watch, type WatchListener, type WatchSource } from './watch.js'

export interface WatchRoutesOptions extends WatchOptions {
  /** @default all tables */
  table?: number | undefined
  /** @default both */
  family?: IpFamily | undefined
}

interface WantedRoutes {
  table: number | undefined
  family: IpFamily | undefined
}

/**
 * Tells what happens to the routes of one network namespace, until the watch is closed. Equals `ip monitor route`, and
 * tells what that does not: IPv4 routes that vanish with their interface, an address or a next hop object.
 *
 * Resolves when the routes that are there have been read into `watch.routes`; the listener hears of all that comes after. A
 * route is known by all that the kernel finds it by, the way included: one that is replaced by another way is removed
 * and added, and `changed` tells another MTU, source or interface name.
 *
 * Costs: where the kernel tells nothing or not all (a link goes down, an address goes, a route is replaced, ways are added to
 * an IPv6 route), the routes are read anew, about 0.4 s for 100,000. Give a `table` where that is too much.
 *
 * Requires Linux 4.20, no capability. Rejects as {@link watchLinks} does. See rtnetlink(7), net/ipv4/fib_semantics.c
 * (fib_sync_down_dev, fib_sync_down_addr) and net/ipv4/fib_trie.c (fib_table_flush, which tells nobody).
 */
export async function watchRoutes(
  listener: WatchListener<Route>,
  options: WatchRoutesOptions = {},
): Promise<RouteWatch> {
  checkWatchArguments(listener, options, ['table', 'family'])
  const { table, family } = options
  checkFamily(family)
  if (table !== undefined) checkInteger('table', table, 0xffffffff)
  const groups = familiesOf(family).flatMap((one) =>
    one === 4
      ? [rt.RTNLGRP_IPV4_ROUTE, rt.RTNLGRP_IPV4_IFADDR]
      : [rt.RTNLGRP_IPV6_ROUTE, rt.RTNLGRP_IPV6_IFADDR],
  )
  return openWatch(
    [rt.RTNLGRP_LINK, rt.RTNLGRP_NEXTHOP, ...groups],
    options,
    (connection, ref) => new RouteWatch(connection, listener, ref, { table, family }),
  )
}

/** The routes of one namespace, kept up to date; made by {@link watchRoutes}. */
export class RouteWatch extends Watch<string, Route> {
  /** @internal */
  constructor(
    connection: NetlinkConnection,
    listener: WatchListener<Route>,
    ref: boolean,
    wanted: WantedRoutes,
  ) {
    super(connection, routeSource(wanted), listener, ref)
  }

  /** As they were told last, in no particular order; a new array each time. Stays as it is after closing. */
  get routes(): Route[] {
    return [...this.entries.values()]
  }
}

function routeSource(wanted: WantedRoutes): WatchSource<string, Route> {
  const interfaces = new InterfaceTracker()
  return {
    async read(connection) {
      const found = await dumpRoutes(connection, wanted.family, { table: wanted.table })
      const names = await interfaces.read(connection)
      const routes = new Map<string, Route>()
      for (const decoded of found) {
        const route = nameInterfaces(decoded, names)
        if (route) routes.set(keyOf(decoded), route)
      }
      return routes
    },
    decode(message, entries) {
      if (message.type !== rt.RTM_NEWROUTE && message.type !== rt.RTM_DELROUTE) {
        return endsRoutes(message, interfaces) ? 'unclear' : undefined
      }
      const family = familyOf(message)
      if (family === undefined || (wanted.family !== undefined && family !== wanted.family)) return undefined
      const decoded = decodeRoute(message, family)
      if (decoded === undefined || (wanted.table !== undefined && decoded.table !== wanted.table)) {
        return undefined
      }
      const isGone = message.type === rt.RTM_DELROUTE
      const entry = nameInterfaces(decoded, interfaces.names)
      const key = keyOf(decoded)
      if (entry === undefined || isPartOfAnother(message, decoded, isGone && !entries.has(key))) {
        return 'unclear'
      }
      return { key, entry, isGone }
    },
  }
}

/** What takes routes along without a word about them. */
function endsRoutes(message: NetlinkMessage, interfaces: InterfaceTracker): boolean {
  switch (message.type) {
    case rt.RTM_DELADDR:
    case rt.RTM_NEWNEXTHOP:
    case rt.RTM_DELNEXTHOP:
      return true
    default:
      return interfaces.hear(message) !== undefined
  }
}

/** A replacement does not say what it replaces; of IPv6 routes with several ways, messages may tell one way or all. */
function isPartOfAnother({ flags }: NetlinkMessage, { family, hops }: DecodedRoute, isUnknown: boolean) {
  return (flags & NLM_F_REPLACE) !== 0 || (family === 6 && (hops !== undefined || isUnknown))
}

function keyOf(route: DecodedRoute): string {
  const { family, table, destination, typeOfService = 0, metric = 0, type, oif = 0, gateway = '' } = route
  const ways = route.hops?.map((hop) => `${hop.oif} ${hop.gateway} ${hop.weight}`).join() ?? ''
  return `${family} ${table} ${destination} ${typeOfService} ${metric} ${type} ${oif} ${gateway} ${ways}`
}
