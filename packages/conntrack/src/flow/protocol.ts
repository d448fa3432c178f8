import type { Protocol } from './tuple.js'

/** IP protocol numbers of the protocols that have a name here (include/uapi/linux/in.h). */
export const PROTOCOL_NUMBERS = {
  tcp: 6,
  udp: 17,
  udplite: 136,
  icmp: 1,
  icmpv6: 58,
  sctp: 132,
  dccp: 33,
  gre: 47,
} as const

const numbers: ReadonlyMap<Protocol, number> = new Map(Object.entries(PROTOCOL_NUMBERS)) as ReadonlyMap<
  Protocol,
  number
>
const names: Protocol[] = Array.from({ length: 256 }, (_, number) => number)
for (const [name, number] of numbers) names[number] = name

export const PROTOCOL_NAMES = [...numbers.keys()]

/** The name, or the number where there is none. */
export function protocolName(number: number): Protocol {
  return names[number]!
}

/** Undefined if it is neither a name nor a number from 0 to 255. */
export function protocolNumber(protocol: Protocol): number | undefined {
  if (protocol === 'tcp') return PROTOCOL_NUMBERS.tcp
  if (typeof protocol !== 'number') return numbers.get(protocol)
  return Number.isInteger(protocol) && protocol >= 0 && protocol <= 255 ? protocol : undefined
}

/** Whether tuples of this protocol have ports. GRE's keys have the place of ports. */
export function hasPorts(number: number): boolean {
  return (
    number === PROTOCOL_NUMBERS.tcp ||
    number === PROTOCOL_NUMBERS.udp ||
    number === PROTOCOL_NUMBERS.udplite ||
    number === PROTOCOL_NUMBERS.sctp ||
    number === PROTOCOL_NUMBERS.dccp
  )
}

/** ICMP or ICMPv6. */
export function isIcmp(number: number | undefined): boolean {
  return number === PROTOCOL_NUMBERS.icmp || number === PROTOCOL_NUMBERS.icmpv6
}
