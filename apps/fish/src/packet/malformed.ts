/**
 * Why a packet cannot be forwarded as it stands: the non-zero results of `parsePacket`. The names are the reasons of the drop counters.
 */
export const MALFORMED = {
  /** Shorter than the shortest IPv4 header. */
  truncated: 1,
  not_ipv4: 2,
  /** The header length lies: below 20 bytes or beyond the packet. */
  bad_header_length: 3,
  /** The total length lies: below the header length or beyond what arrived. */
  bad_total_length: 4,
  bad_header_checksum: 5,
  /** Any fragment; only a first one has ports, so none can be translated alone. */
  fragment: 6,
  /** Neither TCP nor UDP nor ICMP. */
  unsupported_protocol: 7,
  /** Ends inside the transport header. */
  transport_truncated: 8,
  bad_tcp_header_length: 9,
  bad_udp_length: 10,
  /** ICMP other than echo and errors about packets (RFC 5508 REQ-11). */
  unsupported_icmp: 11,
  /** An ICMP error whose checksum is wrong (RFC 5508 REQ-3a). */
  bad_icmp_checksum: 12,
  /** An ICMP error that quotes too little to tell which packet it is about, or something that is no IPv4. */
  bad_quoted_packet: 13,
  /** The header checksum of the quoted packet is wrong (RFC 5508 REQ-3b). */
  bad_quoted_checksum: 14,
  /** The source is no host: this network, loopback, multicast or broadcast (RFC 1812 §5.3.7). */
  bad_source: 15,
} as const

export type Malformed = (typeof MALFORMED)[keyof typeof MALFORMED]
