import type { AttributeReader } from '../../codec/attribute-reader.js'
import type { PayloadWriter } from '../../codec/payload-writer.js'
import { checkBoolean, checkInteger } from '../../errors/invalid-argument.js'
import * as rt from '../constants.js'

/** What TCP and IP are told about a route, by the names of `ip route`. The kernel does not tell 0 from absent. */
export interface RouteMetrics {
  /** Largest packet in bytes. */
  mtu?: number
  /** Largest segment in bytes that is announced to TCP peers. */
  advmss?: number
  /** Upper bound of the window in bytes that is announced to TCP peers. */
  window?: number
  /** First estimate of the round trip time. */
  rttMs?: number
  /** First estimate of its variation. */
  rttvarMs?: number
  /** Slow start threshold, in segments. */
  ssthresh?: number
  /** Clamp of the congestion window, in segments. */
  cwnd?: number
  /** Reordering that is no sign of loss, in segments. */
  reordering?: number
  /** TTL or hop limit, at most 255. */
  hoplimit?: number
  /** Congestion window of a new connection, in segments. */
  initcwnd?: number
  /** Receive window of a new connection, in segments. */
  initrwnd?: number
  /** Least retransmission timeout. */
  rtoMinMs?: number
  /** Acknowledge at once. */
  quickack?: boolean
}

/** Where a metric stands, and how many of the kernel's units are one of ours (net/ipv4/tcp_metrics.c: rtt is kept << 3). */
const metrics = [
  ['mtu', rt.RTAX_MTU, 1],
  ['advmss', rt.RTAX_ADVMSS, 1],
  ['window', rt.RTAX_WINDOW, 1],
  ['rttMs', rt.RTAX_RTT, 8],
  ['rttvarMs', rt.RTAX_RTTVAR, 4],
  ['ssthresh', rt.RTAX_SSTHRESH, 1],
  ['cwnd', rt.RTAX_CWND, 1],
  ['reordering', rt.RTAX_REORDERING, 1],
  ['hoplimit', rt.RTAX_HOPLIMIT, 1],
  ['initcwnd', rt.RTAX_INITCWND, 1],
  ['initrwnd', rt.RTAX_INITRWND, 1],
  ['rtoMinMs', rt.RTAX_RTO_MIN, 1],
] as const

const byType = new Map(metrics.map(([name, type, scale]) => [type as number, { name, scale }]))

export const routeMetricNames = [...metrics.map(([name]) => name), 'quickack'] as const

/** What was given of them, or undefined if nothing was. Throws TypeError or RangeError. */
export function parseRouteMetrics(
  options: {
    [Name in keyof RouteMetrics]?: RouteMetrics[Name] | undefined
  },
): RouteMetrics | undefined {
  let given: RouteMetrics | undefined
  for (const [name, , scale] of metrics) {
    const value = options[name]
    if (value === undefined) continue
    checkInteger(name, value, name === 'hoplimit' ? 255 : Math.floor(0xffffffff / scale))
    given ??= {}
    given[name] = value
  }
  if (options.quickack !== undefined) checkBoolean('quickack', options.quickack)
  return options.quickack === undefined ? given : { ...given, quickack: options.quickack }
}

export function readRouteMetrics(into: RouteMetrics, inside: AttributeReader): void {
  for (const m = inside; m.next(); ) {
    if (m.type === rt.RTAX_QUICKACK) {
      if (m.uint32() !== 0) into.quickack = true
      continue
    }
    const known = byType.get(m.type)
    const value = known && m.uint32()
    if (value) into[known.name] = value / known.scale
  }
}

export function writeRouteMetrics(writer: PayloadWriter, given: RouteMetrics): void {
  writer.nested(rt.RTA_METRICS, (inside) => {
    for (const [name, type, scale] of metrics) {
      const value = given[name]
      if (value !== undefined) inside.uint32(type, value * scale)
    }
    if (given.quickack !== undefined) inside.uint32(rt.RTAX_QUICKACK, given.quickack ? 1 : 0)
  })
}

/** Whether everything that was given is so. */
export function matchesRouteMetrics(route: RouteMetrics, given: RouteMetrics): boolean {
  return routeMetricNames.every(
    (name) => given[name] === undefined || (route[name] || 0) === (given[name] || 0),
  )
}
