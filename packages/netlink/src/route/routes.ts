import type { NetlinkConnection } from '../connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../constants.js'
import { isNetlinkError, NetlinkError } from '../errors.js'
import { checkInteger } from '../invalid-argument.js'
import { checkFamily, type IpFamily, parseAddressArgument } from '../ip-prefix.js'
import { PayloadWriter } from '../payload-writer.js'
import { familiesOf, familyNumber } from './address-family.js'
import * as rt from './constants.js'
import { routeType } from './kernel-name.js'
import { getLink, interfaceIndex, listLinks } from './links.js'
import { type DecodedRoute, decodeRoute, nameInterfaces, type Route } from './route.js'
import {
  encodeDeleteRoute,
  encodeNewRoute,
  encodeRouteFilter,
  matchesRoute,
  parseRouteOptions,
  type RouteKey,
  type RouteOptions,
} from './route-key.js'

export interface RouteFilter {
  /** @default all tables */
  table?: number
  family?: IpFamily
}

export async function listRoutes(connection: NetlinkConnection, filter: RouteFilter = {}): Promise<Route[]> {
  checkFamily(filter.family)
  if (filter.table !== undefined) checkInteger('table', filter.table, 0xffffffff)
  const routes: DecodedRoute[] = []
  for (const family of familiesOf(filter.family)) {
    routes.push(...(await dumpRoutes(connection, family, filter.table)))
  }
  // Names last: a route whose interface has gone meanwhile has gone with it.
  const names = new Map((await listLinks(connection)).map((link) => [link.index, link.name]))
  return routes.flatMap((route) => nameInterfaces(route, names) ?? [])
}

export async function ensureRoute(connection: NetlinkConnection, options: RouteOptions): Promise<boolean> {
  const key = parseRouteOptions(options)
  const operation = `RTM_NEWROUTE ${options.destination} table ${key.table}`
  const oif = await outputInterface(connection, options, operation)
  const flags = NLM_F_CREATE | NLM_F_EXCL
  try {
    const payload = encodeNewRoute(key, oif)
    await connection.request({ type: rt.RTM_NEWROUTE, flags, payload, operation })
    return true
  } catch (error) {
    if (!isNetlinkError(error) || error.errno !== rt.EEXIST) throw error
    // The kernel's key is destination, table and metric: what exists may go another way than the one asked for.
    const wanted = {
      ...key,
      metric: key.metric || defaultMetric(key),
      type: key.type ?? routeType.number('unicast'),
    }
    const existing = await dumpRoutes(connection, key.family, key.table)
    if (existing.some((route) => matchesRoute(route, wanted, oif))) return false
    throw otherRouteError(error)
  }
}

export async function removeRoute(connection: NetlinkConnection, options: RouteOptions): Promise<boolean> {
  let key = parseRouteOptions(options)
  const operation = `RTM_DELROUTE ${options.destination} table ${key.table}`
  try {
    const oif = await outputInterface(connection, options, operation)
    if (key.family === 6 && key.type !== undefined) {
      // The kernel does not compare the type of IPv6 routes; the metric tells them apart.
      const existing = await dumpRoutes(connection, key.family, key.table)
      const found = existing.find((route) => matchesRoute(route, key, oif))
      if (!found) return false
      key = { ...key, metric: found.metric }
    }
    const payload = encodeDeleteRoute(key, oif)
    await connection.request({ type: rt.RTM_DELROUTE, payload, operation })
    return true
  } catch (error) {
    if (isNetlinkError(error) && (error.errno === rt.ESRCH || error.errno === rt.ENODEV)) return false
    throw error
  }
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

async function dumpRoutes(
  connection: NetlinkConnection,
  family: IpFamily,
  table: number | undefined,
): Promise<DecodedRoute[]> {
  const request = {
    type: rt.RTM_GETROUTE,
    payload: encodeRouteFilter(family, table),
    operation: 'RTM_GETROUTE',
  }
  try {
    return await connection.dump(request, (message) => decodeRoute(message, family))
  } catch (error) {
    // A table comes into being with its first route.
    if (isNetlinkError(error) && error.errno === rt.ENOENT && table !== undefined) return []
    throw error
  }
}

function outputInterface(connection: NetlinkConnection, options: RouteOptions, operation: string) {
  return options.interface === undefined
    ? undefined
    : interfaceIndex(connection, options.interface, operation)
}

function defaultMetric({ family }: RouteKey): number {
  return family === 4 ? 0 : rt.DEFAULT_IPV6_METRIC
}

function otherRouteError(cause: NetlinkError): NetlinkError {
  const hint = 'Another route has this destination, table and metric: remove it first, or give another metric'
  return new NetlinkError(`${cause.operation}: another route is there [EEXIST]. ${hint}`, {
    code: 'EEXIST',
    errno: rt.EEXIST,
    hint,
    cause,
    ...(cause.operation !== undefined && { operation: cause.operation }),
  })
}
