import { checkPorts, invalidValue } from '../errors/arguments.js'
import type { PortRange } from '../kernel/port-range.js'

/** The ports that a reservation asks for, as the addon wants them. */
export interface AskedPorts {
  first: number
  last: number
  /** The value of IP_LOCAL_PORT_RANGE. */
  packed: number
  /** The caller gave a range, so "nothing left" is different from "this one is held". */
  ranged: boolean
}

export function askedPorts(ports: PortRange | number, shared: boolean): AskedPorts {
  checkPorts('options.ports', ports)
  if (typeof ports === 'number') {
    return { first: ports, last: ports, packed: (ports | (ports << 16)) >>> 0, ranged: false }
  }
  // Picking looks for a port that nobody has; sharing one that somebody has would be luck.
  if (shared) throw invalidValue('options.ports', 'one port where options.shared is true', ports)
  const { first, last } = ports
  return { first, last, packed: (first | (last << 16)) >>> 0, ranged: true }
}
