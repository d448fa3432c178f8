import { AttributeReader, readAttributes } from '../../codec/attribute-reader.js'
import type { IpFamily } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import { align4 } from '../../constants.js'
import { malformedError } from '../../errors/netlink-error.js'
import { familyNumber } from '../address-family.js'
import * as rt from '../constants.js'
import {
  type RouteProtocol,
  type RouteScope,
  type RouteType,
  routeProtocol,
  routeScope,
  routeType,
} from '../kernel-name.js'
import type { InterfaceNames } from '../link/links.js'
import { type RouteMetrics, readRouteMetrics } from './route-metrics.js'

/** A route. Equals a line of `ip -details route show table all`. */
export interface Route extends RouteMetrics {
  /** `default`, or a network such as `203.0.113.0/24`; a single address ends in /32 or /128. */
  destination: string
  table: number
  interface?: string
  gateway?: string
  protocol: RouteProtocol
  /** IPv6 routes are all `global`. */
  scope: RouteScope
  type: RouteType
  /** Absent for 0, which an IPv4 route has that was given none. */
  metric?: number
  preferredSource?: string
  /** The type of service of packets that it is for. Absent for 0, any packet. */
  typeOfService?: number
  /** Where packets are spread over several ways; `interface` and `gateway` are then absent. */
  nextHops?: NextHop[]
  family: IpFamily
}

export interface NextHop {
  interface?: string
  gateway?: string
  /** Share of the packets, from 1. */
  weight: number
}

interface Way {
  oif?: number
  gateway?: string
}

export interface DecodedHop extends Way {
  weight: number
}

export interface DecodedRoute extends Omit<Route, 'interface' | 'nextHops'> {
  oif?: number
  hops?: DecodedHop[]
}

const HEADER_BYTES = 12
const NEXT_HOP_BYTES = 8
const VIA_BYTES = 2

export function decodeRoute({ payload }: NetlinkMessage, family: IpFamily): DecodedRoute | undefined {
  const attributes = readAttributes(payload, HEADER_BYTES)
  // A kernel without one family answers for all others.
  if (payload.getUint8(0) !== familyNumber(family)) return undefined
  const prefixLength = payload.getUint8(1)
  const route: DecodedRoute = {
    destination: 'default',
    table: payload.getUint8(4),
    protocol: routeProtocol.name(payload.getUint8(5)),
    scope: routeScope.name(payload.getUint8(6)),
    type: routeType.name(payload.getUint8(7)),
    family,
  }
  const typeOfService = payload.getUint8(3)
  if (typeOfService !== 0) route.typeOfService = typeOfService
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.RTA_DST && prefixLength > 0) {
      route.destination = `${a.ipAddress()}/${prefixLength}`
    } else if (a.type === rt.RTA_TABLE) route.table = a.uint32()
    else if (a.type === rt.RTA_PRIORITY) readMetric(route, a)
    else if (a.type === rt.RTA_PREFSRC) route.preferredSource = a.ipAddress()
    else if (a.type === rt.RTA_OIF) route.oif = a.uint32()
    else if (a.type === rt.RTA_METRICS) readRouteMetrics(route, a.nested())
    else if (a.type === rt.RTA_MULTIPATH) route.hops = decodeHops(a.bytes())
    else readGateway(route, a)
  }
  return route
}

/** Undefined for a route whose interface has gone since. */
export function nameInterfaces(
  { oif, hops, ...route }: DecodedRoute,
  names: InterfaceNames,
): Route | undefined {
  const named: Route = route
  if (oif !== undefined) {
    const name = names.get(oif)
    if (name === undefined) return undefined
    named.interface = name
  }
  if (hops) {
    named.nextHops = hops.map(({ oif, ...hop }) => {
      const name = oif === undefined ? undefined : names.get(oif)
      return name === undefined ? hop : { interface: name, ...hop }
    })
  }
  return named
}

function readMetric(route: DecodedRoute, a: AttributeReader): void {
  const metric = a.uint32()
  if (metric !== 0) route.metric = metric
}

function readGateway(hop: Way, a: AttributeReader): void {
  if (a.type === rt.RTA_GATEWAY) hop.gateway = a.ipAddress()
  else if (a.type === rt.RTA_VIA) hop.gateway = a.ipAddress(VIA_BYTES)
}

/** struct rtnexthop, each followed by attributes of its own. */
function decodeHops(bytes: Uint8Array): DecodedHop[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const hops: DecodedHop[] = []
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at
    const length = left < NEXT_HOP_BYTES ? 0 : view.getUint16(at, true)
    if (length < NEXT_HOP_BYTES || length > left) {
      throw malformedError(`next hop of ${length} bytes where ${left} are left`)
    }
    const hop: DecodedHop = { weight: view.getUint8(at + 3) + 1 }
    const oif = view.getInt32(at + 4, true)
    if (oif > 0) hop.oif = oif
    for (const a = new AttributeReader(view, at + NEXT_HOP_BYTES, at + length); a.next(); ) {
      readGateway(hop, a)
    }
    hops.push(hop)
    at += align4(length)
  }
  return hops
}
