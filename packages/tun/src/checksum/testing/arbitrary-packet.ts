import {
  type Arbitrary,
  array,
  boolean,
  constantFrom,
  integer,
  oneof,
  record,
  tuple,
  uint8Array,
} from 'fast-check'
import { naiveChecksum, naiveSum, pseudoHeader } from './naive-checksum.js'

/** A valid packet and what is known about it because it was put together from parts. */
export interface BuiltPacket {
  version: 4 | 6
  protocol: number
  bytes: number[]
  /** Distance of the transport from the beginning of the packet, and of its checksum. */
  transport: number
  check: number
  /** The right checksum, and the sum of the pseudo-header alone. */
  complete: number
  partial: number
}

const FIELD: Record<number, number> = { 6: 16, 17: 6, 1: 2, 58: 2 }

/** Every packet has a right IPv4 header checksum, and its complete transport checksum in the field. */
export interface PacketParts {
  version: 4 | 6
  protocol: number
  source: Uint8Array
  destination: Uint8Array
  /** IPv4 options, or IPv6 extension headers whose first is of type `next`. */
  between: { next: number; bytes: number[] }
  /** The destination in the pseudo-header, if another than that in the header. */
  final?: Uint8Array | undefined
  ports: Uint8Array
  payload: Uint8Array
}

export function buildPacket(parts: PacketParts): BuiltPacket {
  const { version, protocol, source, destination, final = destination, ports, payload } = parts
  const transportHeader = { 6: 20, 17: 8, 1: 8, 58: 8 }[protocol]!
  const segment = [...ports, ...new Array(transportHeader - 4).fill(0), ...payload]
  if (protocol === 6) segment[12] = 5 << 4
  if (protocol === 17) segment.splice(4, 2, segment.length >>> 8, segment.length & 0xff)
  // An echo request: type and code where the others have a port, the identifier behind the checksum.
  if (protocol === 1) segment.splice(0, 6, 8, 0, 0, 0, ports[0]!, ports[1]!)
  if (protocol === 58) segment.splice(0, 6, 128, 0, 0, 0, ports[0]!, ports[1]!)
  const pseudo = protocol === 1 ? [] : pseudoHeader(source, final, protocol, segment.length)
  const computed = naiveChecksum(pseudo, segment)
  const complete = protocol === 17 && computed === 0 ? 0xffff : computed
  segment.splice(FIELD[protocol]!, 2, complete >>> 8, complete & 0xff)

  const header = version === 4 ? ipv4Header(parts, segment.length) : ipv6Header(parts, segment.length)
  return {
    version,
    protocol,
    bytes: [...header, ...segment],
    transport: header.length,
    check: header.length + FIELD[protocol]!,
    complete,
    partial: naiveSum(pseudo),
  }
}

function ipv4Header({ protocol, source, destination, between }: PacketParts, length: number): number[] {
  const headerLength = 20 + between.bytes.length
  const total = headerLength + length
  const header = [
    0x40 | (headerLength / 4),
    0,
    total >>> 8,
    total & 0xff,
    0x12,
    0x34,
    0x40,
    0,
    64,
    protocol,
    0,
    0,
  ]
  header.push(...source, ...destination, ...between.bytes)
  const check = naiveChecksum(header)
  header.splice(10, 2, check >>> 8, check & 0xff)
  return header
}

function ipv6Header({ source, destination, between }: PacketParts, length: number): number[] {
  const total = between.bytes.length + length
  return [
    0x60,
    0,
    0,
    0,
    total >>> 8,
    total & 0xff,
    between.next,
    64,
    ...source,
    ...destination,
    ...between.bytes,
  ]
}

const bytesOf = (length: number) => uint8Array({ minLength: length, maxLength: length })
const content = {
  ports: bytesOf(4),
  payload: oneof(uint8Array({ maxLength: 70 }), constantFrom(new Uint8Array(9))),
}

/** No operation, a record route, a loose source route that is used up, and one that is not. */
const ipv4Options = (last: Uint8Array): Array<{ bytes: number[]; final?: Uint8Array }> => [
  { bytes: [] },
  { bytes: [1, 1, 1, 0] },
  { bytes: [7, 7, 4, 0, 0, 0, 0, 0] },
  { bytes: [131, 7, 8, 9, 9, 9, 9, 0] },
  { bytes: [1, 137, 11, 4, 9, 9, 9, 9, ...last], final: last },
]

export const ipv4Packet: Arbitrary<BuiltPacket> = record({
  protocol: constantFrom(6, 17, 1),
  source: bytesOf(4),
  destination: bytesOf(4),
  last: bytesOf(4),
  option: integer({ min: 0, max: 4 }),
  ...content,
}).map(({ last, option, ...rest }) => {
  const { bytes, final } = ipv4Options(last)[option]!
  return buildPacket({ version: 4, ...rest, between: { next: 0, bytes }, final })
})

/** Extension headers with their type; `next` is filled in when they are strung together. */
const extension = (last: Uint8Array): Array<{ type: number; body: number[]; final?: Uint8Array }> => [
  { type: 60, body: [0, 1, 4, 0, 0, 0, 0] },
  { type: 60, body: [1, 1, 12, ...new Array(12).fill(0)] },
  { type: 44, body: [0, 0, 0, 1, 2, 3, 4] },
  { type: 43, body: [2, 0, 0, 0, 0, 0, 0, ...new Array(16).fill(9)] },
  { type: 43, body: [4, 0, 2, 0, 0, 0, 0, ...new Array(16).fill(9), ...last], final: last },
  { type: 43, body: [4, 4, 1, 1, 0, 0, 0, ...last, ...new Array(16).fill(9)], final: last },
]

export const ipv6Packet: Arbitrary<BuiltPacket> = record({
  protocol: constantFrom(6, 17, 58),
  source: bytesOf(16),
  destination: bytesOf(16),
  last: bytesOf(16),
  hopByHop: boolean(),
  chain: array(integer({ min: 0, max: 5 }), { maxLength: 3 }),
  ...content,
}).map(({ last, hopByHop, chain, ...rest }) => {
  const headers = chain.map((index) => extension(last)[index]!)
  if (hopByHop) headers.unshift({ type: 0, body: [0, 5, 2, 0, 0, 1, 0] })
  const types = [...headers.map(({ type }) => type), rest.protocol]
  const bytes = headers.flatMap(({ body }, index) => [types[index + 1]!, ...body])
  const final = headers.find((header) => header.final)?.final
  return buildPacket({ version: 6, ...rest, between: { next: types[0]!, bytes }, final })
})

export const anyPacket: Arbitrary<BuiltPacket> = oneof(ipv4Packet, ipv6Packet)

/** Where in memory a packet lies: an offset from an aligned position. */
export const shift: Arbitrary<number> = integer({ min: 0, max: 7 })

export const packetSomewhere: Arbitrary<[BuiltPacket, number]> = tuple(anyPacket, shift)
