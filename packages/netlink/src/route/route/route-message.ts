import type { IpFamily, IpPrefix } from '../../codec/ip-prefix.js'
import { PayloadWriter } from '../../codec/payload-writer.js'
import { familyNumber } from '../address-family.js'
import * as rt from '../constants.js'
import { routeProtocol, routeScope, routeType } from '../kernel-name.js'
import { writeRouteMetrics } from './route-metrics.js'
import type { NextHopKey, RouteKey } from './route-options.js'

/** The interfaces of a {@link RouteKey} by index, as far as they were given. */
export interface RouteInterfaces {
  oif: number | undefined
  /** One place per next hop. */
  hops: readonly (number | undefined)[]
}

/** What a dump is to contain; the kernel applies it because strict checking is on. */
export interface RouteSelection {
  table?: number | undefined
  oif?: number | undefined
  protocol?: number | undefined
  type?: number | undefined
}

const HEADER_BYTES = 12
const NEXT_HOP_BYTES = 8
const header = new Uint8Array(HEADER_BYTES)
const unicast = routeType.number('unicast')
const ownProtocol = routeProtocol.number('static')

/** What the kernel is told when a route is made: everything not given has the default of RouteOptions. */
export function writeNewRoute(writer: PayloadWriter, key: RouteKey, interfaces: RouteInterfaces): void {
  const type = key.type ?? unicast
  const scope = key.scope ?? defaultScope(type, key.gateway !== undefined || key.nextHops !== undefined)
  writeRoute(writer, key, { protocol: key.protocol ?? ownProtocol, scope, type }, interfaces)
}

/** What the kernel is told when a route is removed: everything not given matches. */
export function writeDeleteRoute(writer: PayloadWriter, key: RouteKey, interfaces: RouteInterfaces): void {
  const scope = key.scope ?? rt.RT_SCOPE_NOWHERE
  writeRoute(writer, key, { protocol: key.protocol ?? 0, scope, type: key.type ?? 0 }, interfaces)
}

/** struct rtmsg and the attributes of a filter. */
export function encodeRouteFilter(
  family: IpFamily,
  { table, oif, protocol = 0, type = 0 }: RouteSelection,
): Uint8Array {
  const filter = new Uint8Array(HEADER_BYTES)
  filter[0] = familyNumber(family)
  filter[5] = protocol
  filter[7] = type
  const writer = new PayloadWriter(filter)
  if (table !== undefined) writer.uint32(rt.RTA_TABLE, table)
  if (oif !== undefined) writer.uint32(rt.RTA_OIF, oif)
  return writer.finish()
}

function writeRoute(
  writer: PayloadWriter,
  key: RouteKey,
  { protocol, scope, type }: { protocol: number; scope: number; type: number },
  { oif, hops }: RouteInterfaces,
): void {
  header[0] = familyNumber(key.family)
  header[1] = key.destination.length
  header[3] = key.typeOfService
  header[4] = key.table < 256 ? key.table : 0
  header[5] = protocol
  header[6] = scope
  header[7] = type
  writer.raw(header).uint32(rt.RTA_TABLE, key.table)
  if (key.destination.length > 0) writer.bytes(rt.RTA_DST, key.destination.bytes)
  if (oif !== undefined) writer.uint32(rt.RTA_OIF, oif)
  if (key.metric !== undefined) writer.uint32(rt.RTA_PRIORITY, key.metric)
  if (key.preferredSource) writer.bytes(rt.RTA_PREFSRC, key.preferredSource.bytes)
  if (key.gateway) writeGateway(writer, key.gateway, key.family)
  if (key.metrics) writeRouteMetrics(writer, key.metrics)
  if (key.nextHops) writer.bytes(rt.RTA_MULTIPATH, encodeNextHops(key.nextHops, hops, key.family))
}

function writeGateway(writer: PayloadWriter, gateway: IpPrefix, family: IpFamily): void {
  if (gateway.family === family) writer.bytes(rt.RTA_GATEWAY, gateway.bytes)
  // struct rtvia: a gateway of another family than the route's.
  else writer.bytes(rt.RTA_VIA, Uint8Array.of(familyNumber(gateway.family), 0, ...gateway.bytes))
}

/** struct rtnexthop, each with attributes of its own. */
function encodeNextHops(
  nextHops: readonly NextHopKey[],
  interfaces: readonly (number | undefined)[],
  family: IpFamily,
): Uint8Array {
  const encoded = nextHops.map(({ gateway, weight }, index) => {
    const writer = new PayloadWriter(new Uint8Array(NEXT_HOP_BYTES))
    if (gateway) writeGateway(writer, gateway, family)
    const bytes = writer.finish()
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    view.setUint16(0, bytes.length, true)
    view.setUint8(3, weight - 1)
    view.setInt32(4, interfaces[index] ?? 0, true)
    return bytes
  })
  const all = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const bytes of encoded) {
    all.set(bytes, at)
    at += bytes.length
  }
  return all
}

/** As `ip route`; the kernel refuses a wider scope than the way allows. */
function defaultScope(type: number, hasGateway: boolean): number {
  const name = routeType.name(type)
  if (name === 'local' || name === 'nat') return routeScope.number('host')
  if (name === 'broadcast' || name === 'multicast' || name === 'anycast') return routeScope.number('link')
  return routeScope.number(name === 'unicast' && !hasGateway ? 'link' : 'global')
}
