/** Offsets and values of the header fields that fish reads or writes, in bytes from the beginning of each header. */

/** IPv4 (RFC 791 §3.1). */
export const IPV4 = {
  minimumLength: 20,
  totalLength: 2,
  identification: 4,
  fragment: 6,
  /** More fragments, and the fragment offset; DF is not part of it. */
  fragmentMask: 0x3fff,
  fragmentOffsetMask: 0x1fff,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
} as const

/** IP protocol numbers. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const

/** TCP (RFC 9293 §3.1). Ports are at 0 and 2. */
export const TCP = { minimumLength: 20, dataOffset: 12, flags: 13, checksum: 16 } as const

/** UDP (RFC 768). Ports are at 0 and 2. */
export const UDP = { headerLength: 8, length: 4, checksum: 6 } as const

/** ICMP (RFC 792). */
export const ICMP = {
  headerLength: 8,
  code: 1,
  checksum: 2,
  identifier: 4,
  echoReply: 0,
  destinationUnreachable: 3,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const
