import {
  checkBytes,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import type { Flow } from '../flow/flow.js'
import { hasPorts, PROTOCOL_NAMES, PROTOCOL_NUMBERS, protocolName, protocolNumber } from '../flow/protocol.js'
import { TCP_STATES } from '../flow/protocol-states.js'
import { STATUS, type StatusName, statusBits } from '../flow/status.js'
import type { AddressForm } from '../flow/tuple.js'
import { type AddressFilter, parseAddressFilter } from './address-filter.js'
import type { FlowFilter, TupleFilter } from './flow-filter.js'
import type { KernelFilter, KernelTuple } from './kernel-filter.js'

export type FlowPredicate = (flow: Flow<AddressForm>) => boolean

export interface CompiledFilter {
  matches: FlowPredicate
  /** What the kernel may be asked to compare. */
  kernel: KernelFilter
  /** Whether that is all of the filter. */
  isExact: boolean
  isEmpty: boolean
}

interface PortFilter {
  first: number
  last: number
}

interface Side {
  source?: AddressFilter | undefined
  destination?: AddressFilter | undefined
  sourcePort?: PortFilter | undefined
  destinationPort?: PortFilter | undefined
}

const knownTuple = ['source', 'destination', 'sourcePort', 'destinationPort']
const knownReply = new Set(knownTuple)
const known = new Set([
  ...knownTuple,
  'family',
  'protocol',
  'reply',
  'mark',
  'status',
  'zone',
  'tcpState',
  'labels',
])
const knownMark = new Set(['value', 'mask'])
const knownStatus = new Set(['set', 'clear'])
const ALL_BITS = 0xffffffff

/** Throws TypeError or RangeError if it is no filter. */
export function compileFilter(filter: FlowFilter = {}): CompiledFilter {
  checkKnown('filter', filter, known)
  const original = compileSide('filter', filter)
  if (filter.reply !== undefined) checkKnown('filter.reply', filter.reply, knownReply)
  const reply = compileSide('filter.reply', filter.reply ?? {})
  const family = familyOf(filter, [original.source, original.destination, reply.source, reply.destination])
  const protocol = requireProtocol(filter)
  const predicates: FlowPredicate[] = []
  const kernel: KernelFilter = {}
  let isExact = true

  if (family !== undefined) {
    predicates.push((flow) => flow.family === family)
    kernel.family = family
  }
  if (protocol !== undefined) {
    const name = protocolName(protocol)
    predicates.push((flow) => flow.original.protocol === name)
    if (family === undefined) isExact = false
  }
  for (const [direction, side] of [
    ['original', original],
    ['reply', reply],
  ] as const) {
    predicates.push(...sidePredicates(direction, side))
    const asked = kernelTuple(side, family, protocol, direction === 'original')
    if (asked.tuple) kernel[direction] = asked.tuple
    isExact &&= asked.isExact
  }
  if (filter.mark !== undefined) {
    const { value, mask } = requireMark(filter.mark)
    predicates.push((flow) => ((flow.mark ?? 0) & mask) >>> 0 === value)
    kernel.mark = { value, mask }
  }
  if (filter.status !== undefined) {
    checkKnown('filter.status', filter.status, knownStatus)
    const set = requireStatus('filter.status.set', filter.status.set)
    const clear = requireStatus('filter.status.clear', filter.status.clear)
    if ((set & clear) !== 0) {
      throw invalidValue('filter.status.clear', 'without a bit of set, or nothing would fit', filter.status)
    }
    const mask = set | clear
    predicates.push((flow) => ((flow.status ?? 0) & mask) === set)
    if (mask !== 0) kernel.status = { value: set, mask }
  }
  if (filter.zone !== undefined) {
    const { zone } = filter
    checkInteger('filter.zone', zone, 0, 0xffff)
    predicates.push((flow) => (flow.zone ?? flow.original.zone ?? flow.reply.zone ?? 0) === zone)
    kernel.zone = zone
  }
  if (filter.tcpState !== undefined) {
    const { tcpState } = filter
    if (!TCP_STATES.includes(tcpState)) {
      throw invalidValue('filter.tcpState', `one of ${TCP_STATES.join(', ')}`, tcpState)
    }
    predicates.push((flow) => flow.protocolInfo?.tcp?.state === tcpState)
    isExact = false
  }
  if (filter.labels !== undefined) {
    const { labels } = filter
    checkBytes('filter.labels', labels)
    predicates.push((flow) => labels.every((byte, index) => ((flow.labels?.[index] ?? 0) & byte) === byte))
    isExact = false
  }
  return { matches: all(predicates), kernel, isExact, isEmpty: predicates.length === 0 }
}

function all(predicates: readonly FlowPredicate[]): FlowPredicate {
  return (flow) => {
    for (const predicate of predicates) if (!predicate(flow)) return false
    return true
  }
}

function compileSide(name: string, filter: TupleFilter): Side {
  const { source, destination, sourcePort, destinationPort } = filter
  return {
    source: source === undefined ? undefined : parseAddressFilter(`${name}.source`, source),
    destination:
      destination === undefined ? undefined : parseAddressFilter(`${name}.destination`, destination),
    sourcePort: sourcePort === undefined ? undefined : requirePorts(`${name}.sourcePort`, sourcePort),
    destinationPort:
      destinationPort === undefined ? undefined : requirePorts(`${name}.destinationPort`, destinationPort),
  }
}

function sidePredicates(direction: 'original' | 'reply', side: Side): FlowPredicate[] {
  const predicates: FlowPredicate[] = []
  const { source, destination, sourcePort, destinationPort } = side
  if (source) predicates.push((flow) => source.matches(flow[direction].source))
  if (destination) predicates.push((flow) => destination.matches(flow[direction].destination))
  if (sourcePort) predicates.push((flow) => isWithin(sourcePort, flow[direction].sourcePort))
  if (destinationPort) predicates.push((flow) => isWithin(destinationPort, flow[direction].destinationPort))
  return predicates
}

function isWithin({ first, last }: PortFilter, port: number | undefined): boolean {
  return port !== undefined && port >= first && port <= last
}

/** What of one direction the kernel compares rightly: ports of TCP and UDP only, IPv6 addresses never. */
function kernelTuple(
  side: Side,
  family: 4 | 6 | undefined,
  protocol: number | undefined,
  isOriginal: boolean,
): { tuple: KernelTuple | undefined; isExact: boolean } {
  const tuple: KernelTuple = {}
  let isExact = true
  const mayAskPorts =
    family !== undefined && (protocol === PROTOCOL_NUMBERS.tcp || protocol === PROTOCOL_NUMBERS.udp)
  for (const end of ['source', 'destination'] as const) {
    const address = side[end]
    if (!address) continue
    if (address.ipv4 !== undefined) tuple[end] = address.ipv4
    else isExact = false
  }
  for (const end of ['sourcePort', 'destinationPort'] as const) {
    const ports = side[end]
    if (!ports) continue
    if (mayAskPorts && ports.first === ports.last) tuple[end] = ports.first
    else isExact = false
  }
  const hasPort = tuple.sourcePort !== undefined || tuple.destinationPort !== undefined
  if (family !== undefined && protocol !== undefined && (isOriginal || hasPort)) tuple.protocol = protocol
  return { tuple: Object.keys(tuple).length > 0 ? tuple : undefined, isExact }
}

function familyOf(filter: FlowFilter, addresses: (AddressFilter | undefined)[]): 4 | 6 | undefined {
  let { family } = filter
  if (family !== undefined && family !== 4 && family !== 6)
    throw invalidValue('filter.family', '4 or 6', family)
  for (const address of addresses) {
    if (!address) continue
    family ??= address.family
    if (family !== address.family) throw invalidValue('filter', 'of one address family', filter)
  }
  return family
}

function requireProtocol({ protocol, reply, ...filter }: FlowFilter): number | undefined {
  if (protocol === undefined) return undefined
  const number = protocolNumber(protocol)
  if (number === undefined) {
    throw invalidValue('filter.protocol', `${PROTOCOL_NAMES.join(', ')} or 0 to 255`, protocol)
  }
  const ports = [filter.sourcePort, filter.destinationPort, reply?.sourcePort, reply?.destinationPort]
  if (!hasPorts(number) && ports.some((port) => port !== undefined)) {
    throw invalidValue('filter.protocol', 'a protocol that has ports', protocol)
  }
  return number
}

function requirePorts(name: string, ports: number | readonly [number, number]): PortFilter {
  const [first, last] = typeof ports === 'number' ? [ports, ports] : Array.isArray(ports) ? ports : []
  if (first === undefined || last === undefined) throw invalidType(name, 'a port or [first, last]', ports)
  checkInteger(name, first, 0, 0xffff)
  checkInteger(name, last, 0, 0xffff)
  if (first > last) throw invalidValue(name, 'a range from low to high', ports)
  return { first, last }
}

function requireMark(mark: number | { value: number; mask: number }): { value: number; mask: number } {
  if (typeof mark === 'number') {
    checkInteger('filter.mark', mark, 0, ALL_BITS)
    return { value: mark, mask: ALL_BITS }
  }
  checkKnown('filter.mark', mark, knownMark)
  checkInteger('filter.mark.value', mark.value, 0, ALL_BITS)
  checkInteger('filter.mark.mask', mark.mask, 0, ALL_BITS)
  if ((mark.value & mark.mask) >>> 0 !== mark.value) {
    throw invalidValue('filter.mark.value', 'within its mask, or nothing would fit', mark.value)
  }
  return { value: mark.value, mask: mark.mask }
}

function requireStatus(name: string, names: readonly StatusName[] | undefined): number {
  if (names === undefined) return 0
  if (!Array.isArray(names)) throw invalidType(name, 'an array of status names', names)
  for (const each of names) {
    if (!Object.hasOwn(STATUS, each)) throw invalidValue(name, Object.keys(STATUS).join(', '), each)
  }
  return statusBits(...names)
}
