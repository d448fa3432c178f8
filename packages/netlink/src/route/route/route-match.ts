import { formatIpAddress } from '../../codec/ip-address.js'
import { formatPrefix, type IpPrefix } from '../../codec/ip-prefix.js'
import { routeProtocol, routeScope, routeType } from '../kernel-name.js'
import type { DecodedHop, DecodedRoute } from './route.js'
import type { RouteInterfaces } from './route-message.js'
import { matchesRouteMetrics } from './route-metrics.js'
import type { NextHopKey, RouteKey } from './route-options.js'

/** Whether an existing route of the same destination and table has everything that was given. */
export function matchesRoute(route: DecodedRoute, key: RouteKey, { oif, hops }: RouteInterfaces): boolean {
  return (
    route.destination === destinationOf(key) &&
    route.table === key.table &&
    (route.typeOfService ?? 0) === (key.family === 6 ? 0 : key.typeOfService) &&
    (oif === undefined || route.oif === oif) &&
    (key.gateway === undefined || route.gateway === text(key.gateway)) &&
    (key.protocol === undefined || routeProtocol.number(route.protocol) === key.protocol) &&
    (key.scope === undefined || key.family === 6 || routeScope.number(route.scope) === key.scope) &&
    (key.type === undefined || routeType.number(route.type) === key.type) &&
    (key.metric === undefined || (route.metric ?? 0) === key.metric) &&
    (key.preferredSource === undefined || route.preferredSource === text(key.preferredSource)) &&
    (key.metrics === undefined || matchesRouteMetrics(route, key.metrics)) &&
    (key.nextHops === undefined || matchesHops(route.hops ?? [route], key.nextHops, hops))
  )
}

export function destinationOf({ destination }: RouteKey): string {
  return destination.length === 0 ? 'default' : formatPrefix(destination)
}

/** In any order: IPv6 keeps its own. */
function matchesHops(
  existing: readonly Partial<DecodedHop>[],
  wanted: readonly NextHopKey[],
  interfaces: readonly (number | undefined)[],
): boolean {
  const left = [...existing]
  for (const [index, { gateway, weight }] of wanted.entries()) {
    const oif = interfaces[index]
    const at = left.findIndex(
      (hop) =>
        (hop.weight ?? 1) === weight &&
        (oif === undefined || hop.oif === oif) &&
        (gateway === undefined || hop.gateway === text(gateway)),
    )
    if (at < 0) return false
    left.splice(at, 1)
  }
  return left.length === 0
}

function text({ bytes }: IpPrefix): string {
  return formatIpAddress(bytes)
}
