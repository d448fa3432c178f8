/** A protocol by its name in `conntrack -L`; a number stands for what has no name there. */
export type Protocol = 'tcp' | 'udp' | 'udplite' | 'icmp' | 'icmpv6' | 'sctp' | 'dccp' | 'gre' | number

/**
 * How addresses are given: text, or 4 or 16 bytes in network order. Neither is slower than the other: texts of a dump are
 * shared, bytes are not.
 */
export type AddressForm = string | Uint8Array

/** One direction of a flow, as packets of that direction look before translation. */
export interface Tuple<A extends AddressForm = string> {
  source: A
  destination: A
  protocol: Protocol
  /** Of TCP, UDP, UDPLite, SCTP and DCCP. */
  sourcePort?: number | undefined
  destinationPort?: number | undefined
  /** Of ICMP and ICMPv6. */
  icmp?: IcmpFields | undefined
  /** Of GRE, version 1 (PPTP). */
  greKeys?: { source: number; destination: number } | undefined
  /** Where the two directions are in different zones: the one of this direction. */
  zone?: number | undefined
}

export interface IcmpFields {
  type: number
  code: number
  /** The echo identifier. */
  id: number
}
