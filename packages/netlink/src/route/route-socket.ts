import type { NetlinkConnection } from '../connection/connection.js'
import { openNetlink } from '../connection/open-netlink.js'
import { NETLINK_ROUTE } from '../constants.js'
import { checkKnown } from '../errors/invalid-argument.js'
import type { Address } from './address/address.js'
import {
  type AddressFilter,
  type AddressOptions,
  ensureAddress,
  listAddresses,
  removeAddress,
} from './address/addresses.js'
import { addLink } from './link/add-link.js'
import type { Link, LinkDetail } from './link/link.js'
import type { AddLinkOptions } from './link/link-options.js'
import { getLink, listLinks, removeLink } from './link/links.js'
import { type SetLinkOptions, setLink } from './link/set-link.js'
import type { Neighbour } from './neighbour/neighbour.js'
import {
  ensureNeighbour,
  listNeighbours,
  type NeighbourFilter,
  type NeighbourKey,
  type NeighbourOptions,
  removeNeighbour,
} from './neighbour/neighbours.js'
import { ensureRoutes, type ManyRoutesOptions, type RouteOutcome, removeRoutes } from './route/many-routes.js'
import type { Route } from './route/route.js'
import type { RouteOptions } from './route/route-options.js'
import { ensureRoute, listRoutes, type RouteFilter, removeRoute, resolveRoute } from './route/routes.js'
import type { Rule, RuleOptions } from './rule/rule.js'
import { ensureRule, listRules, type RuleFilter, removeRule } from './rule/rules.js'

export interface OpenRouteSocketOptions {
  /**
   * A network namespace: a path such as `/run/netns/blue`, or the number of an open descriptor. Needs CAP_SYS_ADMIN.
   * @default the current one
   */
  netns?: string | number | undefined
}

/**
 * Opens a socket for links, addresses, neighbours, routes and rules of one network namespace.
 *
 * Requires Linux 4.20. Reading needs no capability, changing needs CAP_NET_ADMIN. Rejects with NetlinkError
 * (`EPERM` or `ENOENT` for the namespace, `ERR_UNSUPPORTED_PLATFORM`). See rtnetlink(7).
 */
export async function openRouteSocket(options: OpenRouteSocketOptions = {}): Promise<RouteSocket> {
  checkKnown('options', options, ['netns'])
  return new RouteSocket(await openNetlink({ protocol: NETLINK_ROUTE, netns: options.netns }))
}

/**
 * Links, addresses, neighbours, routes and rules of the namespace in which it was opened; made by {@link openRouteSocket}.
 *
 * `ensure` and `remove` may be repeated and say whether they changed anything. All methods reject with TypeError or
 * RangeError for wrong arguments, and with NetlinkError otherwise: `EPERM` without CAP_NET_ADMIN,
 * `ENODEV` for an interface that is not there, `ERR_NETLINK_CLOSED`, or what the kernel says.
 */
export class RouteSocket implements AsyncDisposable {
  readonly #connection: NetlinkConnection

  /** @internal */
  constructor(connection: NetlinkConnection) {
    this.#connection = connection
  }

  /** All interfaces. Equals `ip link show`. */
  links(detail?: LinkDetail): Promise<Link[]> {
    return listLinks(this.#connection, detail)
  }

  /** One interface by name, alternative name of at most 15 bytes, or index. Equals `ip link show dev NAME`. */
  link(nameOrIndex: string | number, detail?: LinkDetail): Promise<Link | undefined> {
    return getLink(this.#connection, nameOrIndex, detail)
  }

  /**
   * Makes a link, with both ends if it is a cable, in one request. Equals `ip link add NAME type KIND ...`.
   *
   * Rejects with `EEXIST` if the name is taken, and with `ENOTSUP` if this kernel has no links of the kind; the hint then
   * says what is missing. `vlan`, `macvlan` and `ipvlan` need the link that they are on. Kernel: net/core/rtnetlink.c,
   * rtnl_newlink; drivers/net/veth.c.
   */
  addLink(options: AddLinkOptions): Promise<void> {
    return addLink(this.#connection, options)
  }

  /** Changes what is given, in one request. Equals `ip link set dev NAME ...`. */
  setLink(nameOrIndex: string | number, options: SetLinkOptions): Promise<void> {
    return setLink(this.#connection, nameOrIndex, options)
  }

  /** False if it was not there. Equals `ip link delete dev NAME`. */
  removeLink(nameOrIndex: string | number): Promise<boolean> {
    return removeLink(this.#connection, nameOrIndex)
  }

  /** IPv4 first. Equals `ip address show`. */
  addresses(filter?: AddressFilter): Promise<Address[]> {
    return listAddresses(this.#connection, filter)
  }

  /**
   * True if it was added, false if it was there with the same peer. Equals `ip address add ADDRESS peer PEER dev NAME`.
   *
   * IPv6 knows an address once per interface: rejects with `EEXIST` if it is there with another prefix length or peer. IPv4
   * knows it once per network of the peer: with a peer in the same network it rejects, with one elsewhere it adds.
   */
  ensureAddress(options: AddressOptions): Promise<boolean> {
    return ensureAddress(this.#connection, options)
  }

  /** False if it was not there. Equals `ip address del ADDRESS dev NAME`. Name the peer of an address that has one. */
  removeAddress(options: AddressOptions): Promise<boolean> {
    return removeAddress(this.#connection, options)
  }

  /** IPv4 first; the kernel filters by interface. Equals `ip neighbour show nud all`. */
  neighbours(filter?: NeighbourFilter): Promise<Neighbour[]> {
    return listNeighbours(this.#connection, filter)
  }

  /**
   * True if it was added or changed, false if the very same entry was there. Equals `ip neighbour replace`, except that a
   * permanent entry with something else is left alone: then it rejects with `EEXIST`. What the kernel has learned gives way.
   */
  ensureNeighbour(options: NeighbourOptions): Promise<boolean> {
    return ensureNeighbour(this.#connection, options)
  }

  /** Removes the entry whatever it says; false if it was not there. Equals `ip neighbour del ADDRESS dev NAME`. */
  removeNeighbour(key: NeighbourKey): Promise<boolean> {
    return removeNeighbour(this.#connection, key)
  }

  /** IPv4 first; the kernel filters by table, interface, protocol and type. Equals `ip route show table all`. */
  routes(filter?: RouteFilter): Promise<Route[]> {
    return listRoutes(this.#connection, filter)
  }

  /**
   * True if it was added, false if a route with everything that was given was there. Equals `ip route add`.
   *
   * Rejects with `EEXIST` if a different route has the same destination, table and metric, with `ENETUNREACH` if the
   * gateway cannot be reached, and with `ENETDOWN` if the interface is down.
   */
  ensureRoute(options: RouteOptions): Promise<boolean> {
    return ensureRoute(this.#connection, options)
  }

  /** Removes the first route that has everything given; false if there is none. Equals `ip route del`. */
  removeRoute(options: RouteOptions): Promise<boolean> {
    return removeRoute(this.#connection, options)
  }

  /**
   * {@link ensureRoute} for many, 128 to a datagram. Equals `ip -batch`, and is not a transaction: the kernel goes on after
   * a refusal. Resolves to one place per route, in their order: true, false, or the NetlinkError that `ensureRoute` would reject
   * with. Where the answer was lost, the table is read back: false is then a route that is there, whoever added it.
   *
   * Wrong arguments reject before anything is sent, with the place in the message; so does a signal, between datagrams.
   */
  ensureRoutes(routes: Iterable<RouteOptions>, options?: ManyRoutesOptions): Promise<RouteOutcome[]> {
    return ensureRoutes(this.#connection, routes, options)
  }

  /** {@link removeRoute} for many: one place per route, true, false if there was none, or a NetlinkError. As {@link ensureRoutes}. */
  removeRoutes(routes: Iterable<RouteOptions>, options?: ManyRoutesOptions): Promise<RouteOutcome[]> {
    return removeRoutes(this.#connection, routes, options)
  }

  /**
   * The way a packet to `address` would take, its `destination` being the address itself; undefined if it has none
   * (no route, unreachable, prohibit, blackhole). Equals `ip route get ADDRESS`.
   */
  resolveRoute(address: string): Promise<Route | undefined> {
    return resolveRoute(this.#connection, address)
  }

  /** IPv4 first, in the order in which they are tried. Equals `ip rule show`. */
  rules(filter?: RuleFilter): Promise<Rule[]> {
    return listRules(this.#connection, filter)
  }

  /** True if it was added, false if the very same rule was there. Equals `ip rule add`. */
  ensureRule(options: RuleOptions): Promise<boolean> {
    return ensureRule(this.#connection, options)
  }

  /**
   * Removes exactly this rule, whoever made it; false if it was not there. Equals `ip rule del`.
   *
   * Rejects with `ERR_NETLINK_AMBIGUOUS_RULE` if the kernel would take a rule of the same priority and table that has
   * further conditions.
   */
  removeRule(options: RuleOptions): Promise<boolean> {
    return removeRule(this.#connection, options)
  }

  /** Rejects what is under way with `ERR_NETLINK_CLOSED`. A second call does nothing. */
  close(): Promise<void> {
    return this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
