// From which ports the kernel picks, and which of them others have taken out.
import { reserveTuple } from '../../reservation/reserve-tuple.js'
import {
  describeRange,
  freePorts,
  type PortRange,
  portRangeOf,
  reservedPorts,
  widenPortRange,
  withoutPorts,
} from '../port-range.js'
import { loopback, refusalOf } from '../try-reserving.js'
import { anyOf, type Check } from './check.js'
import { canTryTuples } from './fast-open.js'
import { isLoopbackUp } from './network.js'

const everyPort = { first: 1, last: 65535 }

export const localPortRange: Check = {
  check: 'ip-local-port-range',
  affects: 'ports outside cannot be reserved, over IPv6 either, except a UDP port that is named',
  look({ ports, ...needs }) {
    if (ports === undefined || !anyOf({ ...needs, ports }, 'tuple', 'port', 'repair')) return undefined
    const range = portRangeOf()
    return {
      ok: range.first <= ports.first && range.last >= ports.last,
      found: `net.ipv4.ip_local_port_range = ${range.first} ${range.last}`,
      wanted: `covers ${describeRange(ports)}`,
      fix: widenPortRange(range, ports),
    }
  },
}

export const localReservedPorts: Check = {
  check: 'ip-local-reserved-ports',
  affects: 'a range that contains such a port is refused, because the kernel would never pick it',
  look({ ports, ...needs }) {
    if (ports === undefined || !anyOf({ ...needs, ports }, 'tuple', 'port', 'repair')) return undefined
    const reserved = reservedPorts()
    const inside = reserved.filter(({ first, last }) => first <= ports.last && last >= ports.first)
    return {
      ok: inside.length === 0,
      found:
        inside.length === 0
          ? `net.ipv4.ip_local_reserved_ports has none of them`
          : `net.ipv4.ip_local_reserved_ports has ${inside.map(describeRange).join(',')}`,
      wanted: `none of ${describeRange(ports)}`,
      fix: freePorts(reserved, ports),
    }
  },
}

/**
 * The kernel tells by refusing a tuple on each port in turn. Sockets that are bound and do not listen are in no file of
 * /proc, so nothing else finds them all.
 */
export const boundPorts: Check = {
  check: 'bound-ports',
  affects: 'a port that a socket has bound by name, on any local address, is never given to a tuple',
  look({ ports, ...needs }) {
    if (ports === undefined || !anyOf({ ...needs, ports }, 'tuple')) return undefined
    // What cannot be tried is told by the checks of these sysctls.
    const range = portRangeOf()
    const tried = withoutPorts(ports, [...withoutPorts(everyPort, [range]), ...reservedPorts()])
    if (!canTryTuples() || !isLoopbackUp() || tried.length === 0) return undefined
    const bound = tried.flatMap(boundIn)
    return {
      ok: bound.length === 0,
      found: bound.length === 0 ? 'none' : joined(bound).map(describeRange).join(','),
      wanted: `none of ${describeRange(ports)}`,
      fix: `Stop what has bound them, or choose other ports; see: ss -tanp "sport >= :${ports.first} and sport <= :${ports.last}"`,
    }
  },
}

function boundIn({ first, last }: PortRange): number[] {
  const bound: number[] = []
  for (let port = first; port <= last; port += 1) {
    // A tuple, such as one of another doctor at work, can be in the way of one remote; a bound socket is of both.
    if (isTaken(port, loopback.remotePort) && isTaken(port, loopback.remotePort + 1)) bound.push(port)
  }
  return bound
}

function isTaken(port: number, remotePort: number): boolean {
  const refused = refusalOf(() => reserveTuple({ ...loopback, remotePort, ports: port }))
  if (refused === undefined) return false
  if (refused.code === 'EADDRNOTAVAIL' && refused.syscall === 'connect') return true
  throw refused
}

/** Neighbours become one range. */
function joined(ports: readonly number[]): PortRange[] {
  const ranges: PortRange[] = []
  for (const port of ports) {
    const previous = ranges.at(-1)
    if (previous?.last === port - 1) previous.last = port
    else ranges.push({ first: port, last: port })
  }
  return ranges
}
