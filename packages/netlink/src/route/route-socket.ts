import type { NetlinkConnection } from '../connection.js'
import { NETLINK_ROUTE } from '../constants.js'
import { openNetlink } from '../open-netlink.js'
import {
  type Address,
  type AddressFilter,
  type AddressOptions,
  ensureAddress,
  listAddresses,
  removeAddress,
} from './addresses.js'
import {
  getLink,
  type Link,
  type LinkDetail,
  listLinks,
  removeLink,
  type SetLinkOptions,
  setLink,
} from './links.js'
import type { Route } from './route.js'
import type { RouteOptions } from './route-key.js'
import { ensureRoute, listRoutes, type RouteFilter, removeRoute, resolveRoute } from './routes.js'
import type { Rule, RuleOptions } from './rule.js'
import { ensureRule, listRules, type RuleFilter, removeRule } from './rules.js'

export interface OpenRouteSocketOptions {
  /** Path of a network namespace, such as `/run/netns/blue`. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string
}

/**
 * Opens a socket for links, addresses, routes and rules of one network namespace.
 *
 * Requires Linux 4.20. Reading needs no capability, changing needs CAP_NET_ADMIN. Rejects with NetlinkError
 * (`EPERM` or `ENOENT` for the namespace, `ERR_UNSUPPORTED_PLATFORM`). See rtnetlink(7).
 */
export async function openRouteSocket(options: OpenRouteSocketOptions = {}): Promise<RouteSocket> {
  const { netns } = options
  return new RouteSocket(
    await openNetlink({ protocol: NETLINK_ROUTE, ...(netns !== undefined && { netns }) }),
  )
}

/**
 * Links, addresses, routes and rules of the namespace in which it was opened; made by {@link openRouteSocket}.
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

  /** IPv4 first; the kernel filters by table. Equals `ip route show table all`. */
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
