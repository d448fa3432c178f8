import { invalidValue } from '../errors/arguments.js'
import { isTfoSocketError, type TfoSocketError } from '../errors/tfo-socket-error.js'
import { reserveEchoId } from '../reservation/reserve-echo-id.js'
import { reservePort } from '../reservation/reserve-port.js'
import { reserveRepair } from '../reservation/reserve-repair.js'
import { reserveTuple } from '../reservation/reserve-tuple.js'
import { type PortRange, portRangeOf, reservedPorts, withoutPorts } from './port-range.js'

/** The kinds that are tried by reserving one. */
export type ReservationKind = 'tuple' | 'port' | 'echo-id' | 'repair'

/** Another address than the local one, so that no port is a socket's own remote. */
export const loopback = { address: '127.0.0.1', remoteAddress: '127.0.0.2', remotePort: 9 } as const

/** Reserves one of this kind on the loopback addresses and releases it at once. Undefined: it worked. */
export function tryReserving(kind: ReservationKind): TfoSocketError | undefined {
  const { address } = loopback
  switch (kind) {
    case 'tuple':
      return refusalOf(() => reserveTuple({ ...loopback, ports: trialPorts() }))
    case 'port':
      return refusalOf(() => reservePort({ protocol: 'tcp', address, ports: trialPorts() }))
    case 'echo-id':
      return refusalOf(() => reserveEchoId({ address, id: 65535 }))
    case 'repair':
      return refusalOf(() => reserveRepair({ ...loopback, ports: trialPorts() }))
    default:
      throw invalidValue('kind', "'tuple', 'port', 'echo-id' or 'repair'", kind)
  }
}

/** What the system says to this reservation, which is released at once. Undefined: nothing. */
export function refusalOf(reserve: () => { release(): void }): TfoSocketError | undefined {
  try {
    reserve().release()
    return undefined
  } catch (error) {
    if (isTfoSocketError(error)) return error
    throw error
  }
}

/**
 * Whether the refusal is about the name alone: the kernel has accepted every option of the socket, and then found the
 * port held, or the loopback addresses gone because `lo` is down.
 */
export function isAboutName({ syscall, code }: TfoSocketError): boolean {
  return (
    (syscall === 'bind' || syscall === 'connect') &&
    ['EADDRINUSE', 'EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH'].includes(code)
  )
}

/** The longest stretch from which the kernel picks without exception. */
export function trialPorts(): PortRange {
  const range = portRangeOf()
  const [longest] = withoutPorts(range, reservedPorts()).sort((a, b) => b.last - b.first - (a.last - a.first))
  // Where every port is reserved, the refusal that this brings is the answer.
  return longest ?? range
}
