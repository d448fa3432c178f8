import { checkFamily, type IpFamily, parseAddressArgument } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import { PayloadWriter } from '../../codec/payload-writer.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../../constants.js'
import { checkInteger, checkKnown } from '../../errors/invalid-argument.js'
import { isNetlinkError, NetlinkError } from '../../errors/netlink-error.js'
import { familiesOf, familyNumber } from '../address-family.js'
import * as rt from '../constants.js'
import { checkInterface } from '../interface-argument.js'
import { type RouteProtocol, type RouteType, routeProtocol, routeType } from '../kernel-name.js'
import { getLink, interfaceIndex, interfaceNames } from '../link/links.js'
import { type DecodedRoute, decodeRoute, nameInterfaces, type Route } from './route.js'
import { routeAttributes } from './route-attributes.js'
import { matchesRoute } from './route-match.js'
import {
  encodeRouteFilter,
  type RouteInterfaces,
  type RouteSelection,
  writeDeleteRoute,
  writeNewRoute,
} from './route-message.js'
import { parseRouteOptions, type RouteKey, type RouteOptions } from './route-options.js'

export interface RouteFilter {
  /** @default all tables */
  table?: number | undefined
  family?: IpFamily | undefined
  /** Also one of several ways. */
  interface?: string | number | undefined
  protocol?: RouteProtocol | undefined
  type?: RouteType | undefined
}

export async function listRoutes(connection: NetlinkConnection, filter: RouteFilter = {}): Promise<Route[]> {
  checkKnown('filter', filter, ['table', 'family', 'interface', 'protocol', 'type'])
  checkFamily(filter.family)
  if (filter.table !== undefined) checkInteger('table', filter.table, 0xffffffff)
  if (filter.interface !== undefined) checkInterface('interface', filter.interface)
  const protocol = filter.protocol === undefined ? undefined : routeProtocol.number(filter.protocol)
  const type = filter.type === undefined ? undefined : routeType.number(filter.type)
  const oif =
    filter.interface === undefined
      ? undefined
      : await interfaceIndex(connection, filter.interface, 'RTM_GETROUTE')
  const selection = { table: filter.table, oif, protocol, type }
  const routes = await dumpRoutes(connection, filter.family, selection)
  // Names last: a route whose interface has gone meanwhile has gone with it.
  const names = await interfaceNames(connection)
  return routes.flatMap((route) => nameInterfaces(route, names) ?? [])
}

export async function ensureRoute(connection: NetlinkConnection, options: RouteOptions): Promise<boolean> {
  const key = parseRouteOptions(options)
  const operation = `RTM_NEWROUTE ${options.destination} table ${key.table}`
  const interfaces = await routeInterfaces(connection, key, operation)
  const flags = NLM_F_CREATE | NLM_F_EXCL
  const writer = new PayloadWriter()
  writeNewRoute(writer, key, interfaces)
  try {
    const payload = writer.finish()
    const attributeNames = routeAttributes
    await connection.request({ type: rt.RTM_NEWROUTE, flags, payload, operation, attributeNames })
    return true
  } catch (error) {
    if (!isNetlinkError(error) || error.errno !== rt.EEXIST) throw error
    // The kernel's key is destination, table and metric: what exists may go another way than the one asked for.
    const wanted = withDefaults(key)
    const existing = await dumpRoutes(connection, key.family, { table: key.table })
    if (existing.some((route) => matchesRoute(route, wanted, interfaces))) return false
    throw otherRouteError(error)
  }
}

export async function removeRoute(connection: NetlinkConnection, options: RouteOptions): Promise<boolean> {
  let key = parseRouteOptions(options)
  const operation = `RTM_DELROUTE ${options.destination} table ${key.table}`
  try {
    const interfaces = await routeInterfaces(connection, key, operation)
    if (isFoundByUs(key)) {
      const existing = await dumpRoutes(connection, key.family, { table: key.table })
      const found = existing.find((route) => matchesRoute(route, key, interfaces))
      if (!found) return false
      key = { ...key, metric: found.metric }
    }
    const writer = new PayloadWriter()
    writeDeleteRoute(writer, key, interfaces)
    const payload = writer.finish()
    const attributeNames = routeAttributes
    await connection.request({ type: rt.RTM_DELROUTE, payload, operation, attributeNames })
    return true
  } catch (error) {
    if (isNetlinkError(error) && (error.errno === rt.ESRCH || error.errno === rt.ENODEV)) return false
    throw error
  }
}

/**
 * Of IPv6 routes the kernel does not compare all that it is told (net/ipv6/route.c, ip6_route_del), and takes several ways
 * one by one; of IPv4 routes it compares the ways that are named, and no weight of 1 (net/ipv4/fib_semantics.c,
 * fib_nh_match). The metric tells routes of one destination apart.
 */
export function isFoundByUs({ family, type, preferredSource, metrics, nextHops }: RouteKey): boolean {
  if (nextHops !== undefined) return true
  return family === 6 && (type ?? preferredSource ?? metrics) !== undefined
}

/** What a new route has where nothing was given. */
export function withDefaults(key: RouteKey): RouteKey {
  const metric = key.metric || (key.family === 4 ? 0 : rt.DEFAULT_IPV6_METRIC)
  return { ...key, metric, type: key.type ?? routeType.number('unicast') }
}

export async function resolveRoute(
  connection: NetlinkConnection,
  address: string,
): Promise<Route | undefined> {
  const { family, bytes, length } = parseAddressArgument('address', address)
  const header = new DataView(new ArrayBuffer(12))
  header.setUint8(0, familyNumber(family))
  header.setUint8(1, length)
  // IPv6 always tells the table, and refuses to be asked for it.
  if (family === 4) header.setUint32(8, rt.RTM_F_LOOKUP_TABLE, true)
  const payload = new PayloadWriter(new Uint8Array(header.buffer)).bytes(rt.RTA_DST, bytes).finish()
  const request = { type: rt.RTM_GETROUTE, payload, operation: `RTM_GETROUTE ${address}` }
  try {
    const [route] = await connection.request(request, (message) => decodeRoute(message, family))
    if (!route || refuses(route)) return undefined
    const link = route.oif === undefined ? undefined : await getLink(connection, route.oif)
    return nameInterfaces(route, new Map(link && [[link.index, link.name]]))
  } catch (error) {
    if (isNetlinkError(error) && saysUnreachable(error)) return undefined
    throw error
  }
}

/** How IPv4 says no route, unreachable, prohibit and blackhole. A malformed request comes with the kernel's words. */
function saysUnreachable({ errno, kernelMessage }: NetlinkError): boolean {
  if (errno === rt.EINVAL) return kernelMessage === undefined
  return errno === rt.ENETUNREACH || errno === rt.EHOSTUNREACH || errno === rt.EACCES
}

/** How IPv6 says the same. */
function refuses({ type }: DecodedRoute): boolean {
  return type === 'unreachable' || type === 'prohibit' || type === 'blackhole'
}

/** IPv4 first. The kernel filters, and what it lets through is looked at once more. */
export async function dumpRoutes(
  connection: NetlinkConnection,
  family: IpFamily | undefined,
  selection: RouteSelection,
): Promise<DecodedRoute[]> {
  const found: DecodedRoute[][] = []
  for (const one of familiesOf(family)) found.push(await dumpFamily(connection, one, selection))
  return found.flat()
}

async function dumpFamily(
  connection: NetlinkConnection,
  family: IpFamily,
  selection: RouteSelection,
): Promise<DecodedRoute[]> {
  const request = {
    type: rt.RTM_GETROUTE,
    payload: encodeRouteFilter(family, selection),
    operation: 'RTM_GETROUTE',
  }
  const decode = (message: NetlinkMessage) => {
    const route = decodeRoute(message, family)
    return route && isSelected(route, selection) ? route : undefined
  }
  try {
    return await connection.dump(request, decode)
  } catch (error) {
    // A table comes into being with its first route.
    if (isNetlinkError(error) && error.errno === rt.ENOENT && selection.table !== undefined) return []
    throw error
  }
}

function isSelected(route: DecodedRoute, { table, oif, protocol, type }: RouteSelection): boolean {
  return (
    (table === undefined || route.table === table) &&
    (oif === undefined || route.oif === oif || (route.hops?.some((hop) => hop.oif === oif) ?? false)) &&
    (protocol === undefined || routeProtocol.number(route.protocol) === protocol) &&
    (type === undefined || routeType.number(route.type) === type)
  )
}

/** Rejects with ENODEV when one is not there. */
async function routeInterfaces(
  connection: NetlinkConnection,
  key: RouteKey,
  operation: string,
): Promise<RouteInterfaces> {
  const index = async (name: string | number | undefined) =>
    name === undefined ? undefined : interfaceIndex(connection, name, operation)
  return {
    oif: await index(key.interface),
    hops: await Promise.all((key.nextHops ?? []).map((hop) => index(hop.interface))),
  }
}

export function otherRouteError(cause: NetlinkError): NetlinkError {
  const hint = 'Another route has this destination, table and metric: remove it first, or give another metric'
  return new NetlinkError(`${cause.operation}: another route is there [EEXIST]. ${hint}`, {
    code: 'EEXIST',
    errno: rt.EEXIST,
    hint,
    cause,
    ...(cause.operation !== undefined && { operation: cause.operation }),
  })
}
