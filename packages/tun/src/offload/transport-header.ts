/** Protocol numbers, as IPv4 and IPv6 carry them. */
export const TCP = 6
export const UDP = 17

export const IPV4_HEADER_BYTES = 20
export const IPV6_HEADER_BYTES = 40
export const UDP_HEADER_BYTES = 8

const TCP_HEADER_BYTES = 20

/** Bits of the fourteenth byte of a TCP header (RFC 9293 §3.1). */
export const TCP_FIN = 0x01
export const TCP_SYN = 0x02
export const TCP_RST = 0x04
export const TCP_PSH = 0x08
export const TCP_ACK = 0x10
export const TCP_URG = 0x20
export const TCP_CWR = 0x80

/** Fields of an IPv4 header by their offset in it. */
export const IPV4_FIELD = {
  length: 2,
  identification: 4,
  fragment: 6,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
} as const

/** Fields of an IPv6 header by their offset in it. */
export const IPV6_FIELD = { length: 4, nextHeader: 6, hopLimit: 7, source: 8 } as const

/** Fields of a TCP header by their offset in it. */
export const TCP_FIELD = {
  sequence: 4,
  acknowledgment: 8,
  dataOffset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  urgent: 18,
} as const

/** Fields of a UDP header by their offset in it. */
export const UDP_FIELD = { length: 4, checksum: 6 } as const

/** Bytes of the TCP header that begins at `offset`, options included; -1 if it says less than the least. */
export function tcpHeaderLength(view: DataView, offset: number): number {
  const length = (view.getUint8(offset + TCP_FIELD.dataOffset) >>> 4) * 4
  return length < TCP_HEADER_BYTES ? -1 : length
}

/** Where the checksum is in a header of the protocol. */
export function checksumOffsetOf(protocol: number): number {
  return protocol === TCP ? TCP_FIELD.checksum : UDP_FIELD.checksum
}
