import { isIP } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { binding, outcome } from '../binding.js'
import {
  addressExpected,
  checkAddress,
  checkDevice,
  checkMark,
  checkOptions,
  checkPort,
  checkPorts,
  invalidType,
  invalidValue,
} from '../errors/arguments.js'
import { isTaken, type Request, refusal } from '../errors/refusal.js'
import { isTfoSocketError } from '../errors/tfo-socket-error.js'
import { requirePickable } from '../kernel/port-range.js'
import { askEchoId, askPort, askTuple } from '../reservation/ask-kernel.js'
import { rejectPort } from '../reservation/reject-port.js'
import { Reservation, type ReservationRecord, setOwner } from '../reservation/reservation.js'
import { FullMemory } from './full-memory.js'
import { NamedPorts } from './named-ports.js'
import type { Slice, SliceOptions } from './slice.js'

const known: ReadonlySet<string> = new Set(['address', 'ports', 'mark', 'device', 'fullMemoryMs'])

/**
 * An allocator inside one address and one port range, for programs that reserve again and again and must stay fast when
 * nothing is left.
 *
 * Each reservation is the kernel's decision and an ordinary {@link Reservation}; a slice only saves calls whose answer is
 * known. It has nothing to close: what it handed out lives on its own. Two slices may overlap. Memory: one byte for each
 * port of the range when the first UDP port is asked for, the same for echo ids, and at most 16,384 remembered remotes.
 *
 * `TIME-WAIT`: a TCP port or tuple that a connection of the host has just used counts as held until that ends, 60 s at
 * most. Nothing can be done about it here; let the side close first whose ports do not matter.
 *
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @throws {TfoSocketError} `ERR_UNSUPPORTED_PLATFORM`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6056 | RFC 6056}; RFC 7857 section 3, port overlapping
 */
export function createSlice(options: SliceOptions): Slice {
  checkSliceOptions(options)
  binding()
  const { address, mark = 0, device = '', fullMemoryMs = 250 } = options
  const { first, last } = options.ports
  const packed = (first | (last << 16)) >>> 0
  const full = new FullMemory(fullMemoryMs)
  let udpPorts: NamedPorts | undefined
  let echoIds: NamedPorts | undefined

  const owner = {
    ended({ kind, protocol, port, remoteAddress, remotePort }: Reservation): void {
      if (kind === 'tuple' || kind === 'repair') {
        full.forget('tuple', remoteAddress, remotePort)
        full.forget('tcp')
      } else if (protocol === 'tcp') {
        // A bound port keeps tuples to every remote off it.
        full.forgetAll()
      } else {
        full.forget(protocol)
        if (protocol === 'udp') udpPorts?.delete(port)
        else echoIds?.delete(port)
      }
    },
  }

  function own(record: ReservationRecord, fd: number): Reservation {
    const reservation = new Reservation(record, fd)
    setOwner(reservation, owner)
    return reservation
  }

  /** Undefined if the range is full, which is remembered; throws any other refusal. */
  function fullOrThrow(result: number, remoteAddress?: string, remotePort?: number): undefined {
    if (result < 0 && binding().stepNames[outcome[1]!] === 'inet_pton(remoteAddress)') {
      throw invalidValue(
        'remoteAddress',
        `${addressExpected} of the family of ${address}, not a wildcard`,
        remoteAddress,
      )
    }
    const remote = remoteAddress === undefined ? undefined : { remoteAddress, remotePort: remotePort! }
    const error = rejectPort(result, { protocol: 'tcp', address, first, last, device, ...remote }, true)
    if (!isTfoSocketError(error) || !error.full) throw error
    full.remember(remote === undefined ? 'tcp' : 'tuple', remoteAddress, remotePort)
    return undefined
  }

  /** Tuples and repair reservations exclude each other, so that what is full for one is full for the other. */
  function reserveRemote(kind: 'tuple' | 'repair', remoteAddress: string, remotePort: number) {
    checkAddress('remoteAddress', remoteAddress)
    checkPort('remotePort', remotePort)
    if (full.isFull('tuple', remoteAddress, remotePort)) return undefined
    requirePickable(first, last)
    const fd = askTuple(kind, address, 0, packed, remoteAddress, remotePort, mark, device, false)
    const port = outcome[0]!
    if (fd < 0 || port < first || port > last) return fullOrThrow(fd, remoteAddress, remotePort)
    return own({ kind, protocol: 'tcp', address, port, shared: false, remoteAddress, remotePort }, fd)
  }

  function reserveTcpPort(): Reservation | undefined {
    if (full.isFull('tcp')) return undefined
    requirePickable(first, last)
    const fd = askPort(false, address, 0, packed, mark, device, false)
    const port = outcome[0]!
    if (fd < 0 || port < first || port > last) return fullOrThrow(fd)
    return own({ kind: 'port', protocol: 'tcp', address, port, shared: false }, fd)
  }

  function tryUdpPort(port: number): Reservation | undefined {
    const fd = askPort(true, address, port, 0, mark, device, false)
    if (fd < 0) return heldOrThrow(fd, { protocol: 'udp', address, first: port, last: port, device })
    return own({ kind: 'port', protocol: 'udp', address, port, shared: false }, fd)
  }

  function tryEchoId(id: number): Reservation | undefined {
    // The kernel keeps ids for all devices, so that a device would only pretend to narrow it.
    const fd = askEchoId(address, id, mark, false)
    if (fd < 0) return heldOrThrow(fd, { protocol: 'icmp', address, first: id, last: id })
    return own({ kind: 'echo-id', protocol: 'icmp', address, port: id, shared: false }, fd)
  }

  function searchUnlessFull(
    protocol: 'udp' | 'icmp',
    ports: NamedPorts,
    ask: (port: number) => Reservation | undefined,
  ): Reservation | undefined {
    if (full.isFull(protocol)) return undefined
    const reservation = ports.search(ask)
    if (reservation === undefined) full.remember(protocol)
    return reservation
  }

  return {
    address,
    ports: Object.freeze({ first, last }),
    reserveTuple: (remoteAddress, remotePort) => reserveRemote('tuple', remoteAddress, remotePort),
    reserveRepair: (remoteAddress, remotePort) => reserveRemote('repair', remoteAddress, remotePort),
    reservePort(protocol) {
      if (protocol === 'tcp') return reserveTcpPort()
      if (protocol !== 'udp') throw invalidValue('protocol', "'tcp' or 'udp'", protocol)
      udpPorts ??= new NamedPorts(first, last)
      return searchUnlessFull('udp', udpPorts, tryUdpPort)
    },
    reserveEchoId() {
      echoIds ??= new NamedPorts(first, last)
      return searchUnlessFull('icmp', echoIds, tryEchoId)
    },
  }
}

/** Undefined if somebody holds the one port that was asked for; throws any other refusal. */
function heldOrThrow(result: number, request: Request): undefined {
  if (isTaken(getSystemErrorName(result), binding().stepNames[outcome[1]!]!)) return undefined
  throw refusal(result, request, false)
}

function checkSliceOptions(options: SliceOptions): void {
  checkOptions(options, known)
  const { address, ports, mark, device, fullMemoryMs } = options
  checkAddress('options.address', address)
  if (isIP(address) === 0) throw invalidValue('options.address', addressExpected, address)
  if (typeof ports === 'number') throw invalidType('options.ports', '{ first, last }', ports)
  checkPorts('options.ports', ports)
  checkMark(mark)
  checkDevice(device)
  if (fullMemoryMs === undefined) return
  if (typeof fullMemoryMs !== 'number') throw invalidType('options.fullMemoryMs', 'a number', fullMemoryMs)
  // Without an end, a range that others had filled would look full for ever.
  if (!(fullMemoryMs >= 0 && Number.isFinite(fullMemoryMs))) {
    throw invalidValue('options.fullMemoryMs', 'a finite number of milliseconds, 0 or more', fullMemoryMs)
  }
}
