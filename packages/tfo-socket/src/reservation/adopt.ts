import { isIPv6 } from 'node:net'
import { binding } from '../binding.js'
import { checkAddress, checkPort, invalidType, invalidValue } from '../errors/arguments.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import type { PortableReservations } from './fds.js'
import { isOwned } from './owned-descriptors.js'
import { Reservation, type ReservationRecord } from './reservation.js'
import type { SocketFacts } from './reservation-binding.js'

/** `include/net/tcp_states.h`. */
const TCP_ESTABLISHED = 1
const TCP_SYN_SENT = 2
const TCP_CLOSE = 7

const kinds = new Set(['tuple', 'repair', 'port', 'echo-id'])

/**
 * Takes over reservations whose descriptors this process has received, in the order of the arguments.
 *
 * Each descriptor is asked what it is: a socket of another protocol, name or state is refused, and so is a placeholder
 * that was taken away meanwhile. The kernel does not tell the remote of a tuple, so that is believed. All or nothing: if
 * one is refused, none is adopted and all descriptors stay open and yours.
 *
 * @throws {TfoSocketError} `ERR_NOT_A_RESERVATION`: the message says which and why. `EBADF`: no such descriptor.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 */
export function adopt(portable: PortableReservations): Reservation[] {
  if (typeof portable !== 'object' || portable === null) {
    throw invalidType('portable', 'an object with fds and records', portable)
  }
  const { fds, records } = portable
  if (!Array.isArray(fds)) throw invalidType('fds', 'an array of descriptors', fds)
  if (!Array.isArray(records)) throw invalidType('records', 'an array of records', records)
  if (fds.length !== records.length) {
    throw invalidValue(
      'records',
      `an array of ${fds.length} records, one for each descriptor`,
      records.length,
    )
  }
  if (new Set(fds).size !== fds.length) throw invalidValue('fds', 'an array without repetitions', fds)
  const checked = records.map((record, i) => checkRecord(`records[${i}]`, record))
  checked.forEach((record, i) => {
    requireReservation(fds[i]!, record)
  })
  return checked.map((record, i) => {
    const fd = fds[i]!
    binding().setCloseOnExec(fd)
    return new Reservation(record, fd)
  })
}

/** Records come from other processes: what is kept of them is what is known. */
function checkRecord(name: string, record: ReservationRecord): ReservationRecord {
  if (typeof record !== 'object' || record === null) throw invalidType(name, 'a record', record)
  const { kind, protocol, address, port, shared, remoteAddress, remotePort } = record
  if (!kinds.has(kind)) throw invalidValue(`${name}.kind`, `one of ${[...kinds].join(', ')}`, kind)
  const fitting = kind === 'port' ? protocol === 'tcp' || protocol === 'udp' : protocol === protocolOf(kind)
  if (!fitting) throw invalidValue(`${name}.protocol`, `a protocol of kind ${kind}`, protocol)
  checkAddress(`${name}.address`, address)
  checkPort(`${name}.port`, port)
  if (typeof shared !== 'boolean') throw invalidType(`${name}.shared`, 'a boolean', shared)
  if (kind === 'port' || kind === 'echo-id') return { kind, protocol, address, port, shared }
  checkAddress(`${name}.remoteAddress`, remoteAddress)
  checkPort(`${name}.remotePort`, remotePort)
  return { kind, protocol, address, port, shared, remoteAddress, remotePort }
}

function protocolOf(kind: ReservationRecord['kind']): ReservationRecord['protocol'] {
  return kind === 'echo-id' ? 'icmp' : 'tcp'
}

function requireReservation(fd: number, record: ReservationRecord): void {
  // The addon would take a larger number for a small one.
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff)
    throw invalidValue('fds', 'an array of descriptors', fd)
  if (isOwned(fd)) throw invalidValue('fds', 'an array of descriptors that no reservation here owns', fd)
  const facts = factsOf(fd)
  const difference = differenceBetween(facts, record)
  if (difference === undefined) return
  const { kind, protocol, address, port } = record
  throw new TfoSocketError(
    `Descriptor ${fd} is not the ${kind} reservation of ${protocol} ${address} port ${port}: ${difference}`,
    { code: 'ERR_NOT_A_RESERVATION', protocol, address, firstPort: port, lastPort: port },
  )
}

function factsOf(fd: number): SocketFacts {
  try {
    return binding().socketFacts(fd)
  } catch (cause) {
    const { code = 'EIO', errno, syscall } = cause as NodeJS.ErrnoException
    throw new TfoSocketError(`Descriptor ${fd} is not a socket: ${code}`, {
      code: code === 'ENOTSOCK' ? 'ERR_NOT_A_RESERVATION' : code,
      ...(errno !== undefined && { errno }),
      ...(syscall !== undefined && { syscall }),
      cause,
    })
  }
}

/** What the kernel says otherwise than the record; undefined if it agrees. */
function differenceBetween(facts: SocketFacts, record: ReservationRecord): string | undefined {
  if (facts.protocol !== protocolNumber(record)) return `its protocol is ${facts.protocol}`
  if (facts.port !== record.port) return `its port is ${facts.port}`
  if (!sameAddress(facts.address, record.address)) return `its address is ${facts.address}`
  if (facts.shared !== record.shared) return `SO_REUSEADDR is ${facts.shared ? 'on' : 'off'}`
  if (record.kind === 'tuple' && !(facts.state === TCP_SYN_SENT && facts.fastOpenConnect)) {
    return `its state is ${facts.state}, not that of a placeholder`
  }
  if (record.kind === 'repair' && !(facts.state === TCP_ESTABLISHED && facts.repair)) {
    return `its state is ${facts.state}, not that of a socket in repair mode`
  }
  if (record.kind === 'port' && record.protocol === 'tcp' && !isBoundOnly(facts)) {
    return `its state is ${facts.state}, not that of a socket which is bound and nothing else`
  }
  return undefined
}

/** A placeholder that was taken away is closed as well, and holds nothing. */
function isBoundOnly({ state, fastOpenConnect, repair }: SocketFacts): boolean {
  return state === TCP_CLOSE && !fastOpenConnect && !repair
}

function protocolNumber({ protocol, address }: ReservationRecord): number {
  if (protocol === 'tcp') return IPPROTO_TCP
  if (protocol === 'udp') return IPPROTO_UDP
  return isIPv6(address) ? IPPROTO_ICMPV6 : IPPROTO_ICMP
}

const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_ICMPV6 = 58

/** An IPv6 address has many spellings; the URL parser knows the canonical one. */
function sameAddress(kernel: string, given: string): boolean {
  if (kernel === given) return true
  return isIPv6(given) && URL.canParse(`http://[${given}]`) && canonical(given) === canonical(kernel)
}

function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname
}
