import { checkInteger, invalidValue } from '../invalid-argument.js'
import { formatIpAddress } from '../ip-address.js'
import {
  checkFamily,
  formatPrefix,
  type IpFamily,
  type IpPrefix,
  parseAddressArgument,
  parsePrefixArgument,
} from '../ip-prefix.js'
import { PayloadWriter } from '../payload-writer.js'
import { familyNumber } from './address-family.js'
import * as rt from './constants.js'
import { checkInterface } from './interface-argument.js'
import {
  type RouteProtocol,
  type RouteScope,
  type RouteType,
  routeProtocol,
  routeScope,
  routeType,
} from './kernel-name.js'
import type { DecodedRoute } from './route.js'

export interface RouteOptions {
  /** `default`, or a network such as `203.0.113.0/24`. */
  destination: string
  /** @default 254 (main), or 255 (local) for the types that `ip route` puts there */
  table?: number
  interface?: string | number
  /** May be IPv6 for an IPv4 destination (Linux 5.2). */
  gateway?: string
  /** @default 'static'; a removal takes any */
  protocol?: RouteProtocol
  /** IPv4 only. @default 'global' with a gateway, 'link' without, 'host' for a local route; a removal takes any */
  scope?: RouteScope
  /** @default 'unicast'; a removal takes any */
  type?: RouteType
  /** @default 0 for IPv4, 1024 for IPv6; a removal takes any */
  metric?: number
  preferredSource?: string
  /** Needed where nothing else tells: `default` without a gateway. @default that of the addresses, else 4 */
  family?: IpFamily
}

/** {@link RouteOptions} checked and read; undefined means "not given". */
export interface RouteKey {
  family: IpFamily
  destination: IpPrefix
  table: number
  gateway: IpPrefix | undefined
  protocol: number | undefined
  scope: number | undefined
  type: number | undefined
  metric: number | undefined
  preferredSource: IpPrefix | undefined
}

const MAX_UINT32 = 0xffffffff
const HEADER_BYTES = 12

/** Throws TypeError or RangeError. */
export function parseRouteOptions(options: RouteOptions): RouteKey {
  checkFamily(options.family)
  if (options.interface !== undefined) checkInterface('interface', options.interface)
  if (options.table !== undefined) checkInteger('table', options.table, MAX_UINT32)
  if (options.metric !== undefined) checkInteger('metric', options.metric, MAX_UINT32)
  const gateway = optional(options.gateway, (text) => parseAddressArgument('gateway', text))
  const preferredSource = optional(options.preferredSource, (text) =>
    parseAddressArgument('preferredSource', text),
  )
  const isDefault = options.destination === 'default'
  const network = isDefault ? undefined : parsePrefixArgument('destination', options.destination)
  const family = network?.family ?? options.family ?? preferredSource?.family ?? gateway?.family ?? 4
  checkFamilies(options, family, preferredSource, gateway)
  const type = optional(options.type, routeType.number)
  return {
    family,
    destination: network ?? { family, bytes: new Uint8Array(family === 4 ? 4 : 16), length: 0 },
    table: options.table ?? defaultTable(type),
    gateway,
    protocol: optional(options.protocol, routeProtocol.number),
    scope: optional(options.scope, routeScope.number),
    type,
    metric: options.metric,
    preferredSource,
  }
}

/** What the kernel is told when a route is made: everything not given has the default of RouteOptions. */
export function encodeNewRoute(key: RouteKey, oif: number | undefined): Uint8Array {
  const type = key.type ?? routeType.number('unicast')
  const scope = key.scope ?? defaultScope(type, key.gateway !== undefined)
  const protocol = key.protocol ?? routeProtocol.number('static')
  return encodeRoute(key, { protocol, scope, type }, oif)
}

/** What the kernel is told when a route is removed: everything not given matches. */
export function encodeDeleteRoute(key: RouteKey, oif: number | undefined): Uint8Array {
  const scope = key.scope ?? rt.RT_SCOPE_NOWHERE
  return encodeRoute(key, { protocol: key.protocol ?? 0, scope, type: key.type ?? 0 }, oif)
}

/** Whether an existing route of the same destination and table has everything that was given. */
export function matchesRoute(route: DecodedRoute, key: RouteKey, oif: number | undefined): boolean {
  const text = (prefix: IpPrefix) => formatIpAddress(prefix.bytes)
  const destination = key.destination.length === 0 ? 'default' : formatPrefix(key.destination)
  return (
    route.destination === destination &&
    route.table === key.table &&
    (oif === undefined || route.oif === oif) &&
    (key.gateway === undefined || route.gateway === text(key.gateway)) &&
    (key.protocol === undefined || routeProtocol.number(route.protocol) === key.protocol) &&
    (key.scope === undefined || key.family === 6 || routeScope.number(route.scope) === key.scope) &&
    (key.type === undefined || routeType.number(route.type) === key.type) &&
    (key.metric === undefined || (route.metric ?? 0) === key.metric) &&
    (key.preferredSource === undefined || route.preferredSource === text(key.preferredSource))
  )
}

/** struct rtmsg and a filter by table, which the kernel applies because strict checking is on. */
export function encodeRouteFilter(family: IpFamily, table: number | undefined): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header[0] = familyNumber(family)
  const writer = new PayloadWriter(header)
  if (table !== undefined) writer.uint32(rt.RTA_TABLE, table)
  return writer.finish()
}

function encodeRoute(
  key: RouteKey,
  { protocol, scope, type }: { protocol: number; scope: number; type: number },
  oif: number | undefined,
): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header[0] = familyNumber(key.family)
  header[1] = key.destination.length
  header[4] = key.table < 256 ? key.table : 0
  header[5] = protocol
  header[6] = scope
  header[7] = type
  const writer = new PayloadWriter(header).uint32(rt.RTA_TABLE, key.table)
  if (key.destination.length > 0) writer.bytes(rt.RTA_DST, key.destination.bytes)
  if (oif !== undefined) writer.uint32(rt.RTA_OIF, oif)
  if (key.metric !== undefined) writer.uint32(rt.RTA_PRIORITY, key.metric)
  if (key.preferredSource) writer.bytes(rt.RTA_PREFSRC, key.preferredSource.bytes)
  if (key.gateway?.family === key.family) writer.bytes(rt.RTA_GATEWAY, key.gateway.bytes)
  else if (key.gateway) writer.bytes(rt.RTA_VIA, encodeVia(key.gateway))
  return writer.finish()
}

/** struct rtvia: a gateway of another family than the route's. */
function encodeVia({ family, bytes }: IpPrefix): Uint8Array {
  return Uint8Array.of(familyNumber(family), 0, ...bytes)
}

/** As `ip route`: what belongs to this host goes to its own table. */
function defaultTable(type: number | undefined): number {
  const own = ['local', 'broadcast', 'anycast', 'nat'] as const
  return own.some((name) => routeType.number(name) === type) ? rt.RT_TABLE_LOCAL : rt.RT_TABLE_MAIN
}

/** As `ip route`; the kernel refuses a wider scope than the way allows. */
function defaultScope(type: number, hasGateway: boolean): number {
  const name = routeType.name(type)
  if (name === 'local' || name === 'nat') return routeScope.number('host')
  if (name === 'broadcast' || name === 'multicast' || name === 'anycast') return routeScope.number('link')
  return routeScope.number(name === 'unicast' && !hasGateway ? 'link' : 'global')
}

function checkFamilies(
  options: RouteOptions,
  family: IpFamily,
  preferredSource: IpPrefix | undefined,
  gateway: IpPrefix | undefined,
): void {
  if (options.family !== undefined && options.family !== family) {
    throw invalidValue('family', `${family}, as the destination`, options.family)
  }
  if (preferredSource && preferredSource.family !== family) {
    throw invalidValue('preferredSource', `an IPv${family} address`, options.preferredSource)
  }
  if (gateway?.family === 4 && family === 6) {
    throw invalidValue('gateway', 'an IPv6 address', options.gateway)
  }
}

function optional<T, R>(value: T | undefined, read: (value: T) => R): R | undefined {
  return value === undefined ? undefined : read(value)
}
