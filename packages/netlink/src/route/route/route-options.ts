import {
  checkFamily,
  type IpFamily,
  type IpPrefix,
  parseAddressArgument,
  parsePrefixArgument,
} from '../../codec/ip-prefix.js'
import { checkInteger, checkKnown, invalidType, invalidValue } from '../../errors/invalid-argument.js'
import * as rt from '../constants.js'
import { checkInterface } from '../interface-argument.js'
import {
  type RouteProtocol,
  type RouteScope,
  type RouteType,
  routeProtocol,
  routeScope,
  routeType,
} from '../kernel-name.js'
import { parseRouteMetrics, type RouteMetrics, routeMetricNames } from './route-metrics.js'

type MetricOptions = { [Name in keyof RouteMetrics]?: RouteMetrics[Name] | undefined }

export interface RouteOptions extends MetricOptions {
  /** `default`, or a network such as `203.0.113.0/24`. */
  destination: string
  /** @default 254 (main), or 255 (local) for the types that `ip route` puts there */
  table?: number | undefined
  interface?: string | number | undefined
  /** May be IPv6 for an IPv4 destination (Linux 5.2). */
  gateway?: string | undefined
  /** Several ways, over which flows are spread, instead of `interface` and `gateway`. */
  nextHops?: readonly NextHopOptions[] | undefined
  /** @default 'static'; a removal takes any */
  protocol?: RouteProtocol | undefined
  /** IPv4 only. @default 'global' with a gateway, 'link' without, 'host' for a local route; a removal takes any */
  scope?: RouteScope | undefined
  /** @default 'unicast'; a removal takes any */
  type?: RouteType | undefined
  /** @default 0 for IPv4, 1024 for IPv6; a removal takes any */
  metric?: number | undefined
  /** Only for packets with this type of service (`tos`). IPv4 only. @default 0: any packet */
  typeOfService?: number | undefined
  preferredSource?: string | undefined
  /** Needed where nothing else tells: `default` without a gateway. @default that of the addresses, else 4 */
  family?: IpFamily | undefined
}

export interface NextHopOptions {
  interface?: string | number | undefined
  gateway?: string | undefined
  /** Share of the flows, 1 to 256. @default 1 */
  weight?: number | undefined
}

/** One way of several, read. */
export interface NextHopKey {
  interface: string | number | undefined
  gateway: IpPrefix | undefined
  weight: number
}

/** {@link RouteOptions} checked and read; undefined means "not given". */
export interface RouteKey {
  family: IpFamily
  destination: IpPrefix
  table: number
  interface: string | number | undefined
  gateway: IpPrefix | undefined
  nextHops: NextHopKey[] | undefined
  protocol: number | undefined
  scope: number | undefined
  type: number | undefined
  metric: number | undefined
  typeOfService: number
  preferredSource: IpPrefix | undefined
  metrics: RouteMetrics | undefined
}

const MAX_UINT32 = 0xffffffff
const ANY = { 4: new Uint8Array(4), 6: new Uint8Array(16) }
const optionNames = [
  ...['destination', 'table', 'interface', 'gateway', 'nextHops', 'protocol', 'scope', 'type', 'metric'],
  ...['typeOfService', 'preferredSource', 'family', ...routeMetricNames],
]

/** Throws TypeError or RangeError. Many routes have few gateways: `parseAddress` may remember them. */
export function parseRouteOptions(options: RouteOptions, parseAddress = parseAddressArgument): RouteKey {
  checkKnown('options', options, optionNames)
  const { destination, table, typeOfService = 0, metric } = options
  checkFamily(options.family)
  if (options.interface !== undefined) checkInterface('interface', options.interface)
  if (table !== undefined) checkInteger('table', table, MAX_UINT32)
  if (metric !== undefined) checkInteger('metric', metric, MAX_UINT32)
  checkInteger('typeOfService', typeOfService, 255)
  const gateway = optional(options.gateway, (text) => parseAddress('gateway', text))
  const nextHops = optional(options.nextHops, parseNextHops)
  if (nextHops && (gateway !== undefined || options.interface !== undefined)) {
    throw invalidValue('nextHops', 'given instead of interface and gateway', options.nextHops)
  }
  const preferredSource = optional(options.preferredSource, (text) => parseAddress('preferredSource', text))
  const network = destination === 'default' ? undefined : parsePrefixArgument('destination', destination)
  const told = network ?? preferredSource ?? gateway ?? nextHops?.find((hop) => hop.gateway)?.gateway
  const family = network?.family ?? options.family ?? told?.family ?? 4
  const key: RouteKey = {
    family,
    destination: network ?? { family, bytes: ANY[family], length: 0 },
    table: table ?? defaultTable(options.type),
    interface: options.interface,
    gateway,
    nextHops,
    protocol: optional(options.protocol, routeProtocol.number),
    scope: optional(options.scope, routeScope.number),
    type: optional(options.type, routeType.number),
    metric,
    typeOfService,
    preferredSource,
    metrics: parseRouteMetrics(options),
  }
  checkFamilies(options, key)
  return key
}

function parseNextHops(hops: readonly NextHopOptions[]): NextHopKey[] {
  if (!Array.isArray(hops)) throw invalidType('nextHops', 'an array', hops)
  if (hops.length === 0) throw invalidValue('nextHops', 'one way or more', hops)
  return hops.map((hop: NextHopOptions) => {
    checkKnown('nextHops', hop, ['interface', 'gateway', 'weight'])
    const { weight = 1 } = hop
    if (hop.interface !== undefined) checkInterface('interface', hop.interface)
    checkInteger('weight', weight, 256)
    if (weight === 0) throw invalidValue('weight', 'a whole number from 1 to 256', weight)
    const gateway = optional(hop.gateway, (text) => parseAddressArgument('gateway', text))
    if (gateway === undefined && hop.interface === undefined) {
      throw invalidValue('nextHops', 'ways with an interface or a gateway', hop)
    }
    return { interface: hop.interface, gateway, weight }
  })
}

/** As `ip route`: what belongs to this host goes to its own table. */
function defaultTable(type: RouteType | undefined): number {
  if (type === undefined) return rt.RT_TABLE_MAIN
  const name = routeType.name(routeType.number(type))
  const isOwn = name === 'local' || name === 'broadcast' || name === 'anycast' || name === 'nat'
  return isOwn ? rt.RT_TABLE_LOCAL : rt.RT_TABLE_MAIN
}

function checkFamilies(options: RouteOptions, key: RouteKey): void {
  const { family, gateway, nextHops, preferredSource } = key
  if (options.family !== undefined && options.family !== family) {
    throw invalidValue('family', `${family}, as the destination`, options.family)
  }
  if (preferredSource && preferredSource.family !== family) {
    throw invalidValue('preferredSource', `an IPv${family} address`, options.preferredSource)
  }
  if (family === 6 && (gateway?.family === 4 || nextHops?.some((hop) => hop.gateway?.family === 4))) {
    throw invalidValue('gateway', 'an IPv6 address', options.gateway ?? options.nextHops)
  }
}

function optional<T, R>(value: T | undefined, read: (value: T) => R): R | undefined {
  return value === undefined ? undefined : read(value)
}
