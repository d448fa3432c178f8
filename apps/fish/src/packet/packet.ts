/** What a parsed packet is. */
export const PACKET_KIND = { tcp: 1, udp: 2, echoRequest: 3, echoReply: 4, icmpError: 5 } as const

/** The packet that an ICMP error quotes, as far as it is quoted. */
export interface QuotedPacket {
  /** Where its IP header begins, and how many of its bytes are there. */
  offset: number
  available: number
  headerLength: number
  protocol: number
  source: number
  destination: number
  /** Ports, or the echo identifier in both. */
  sourcePort: number
  destinationPort: number
}

/**
 * One parsed packet. There is one object for a whole loop, filled anew for each packet; `offset` and `transport` count from the
 * beginning of `view`. Addresses are unsigned numbers in host order. For ICMP echo both ports are the identifier.
 */
export interface Packet {
  view: DataView
  offset: number
  /** Total length by the IP header; bytes behind it do not belong to the packet. */
  length: number
  headerLength: number
  /** Where the transport header begins. */
  transport: number
  /** The transport checksum is the pseudo-header sum alone (`VIRTIO_NET_HDR_F_NEEDS_CSUM`). */
  partialChecksum: boolean
  kind: number
  protocol: number
  source: number
  destination: number
  sourcePort: number
  destinationPort: number
  tcpFlags: number
  /** Valid when `kind` is `icmpError`. */
  inner: QuotedPacket
}

/** The one object of a loop; every field has its final type from the start. */
export function createPacket(): Packet {
  return {
    view: new DataView(new ArrayBuffer(0)),
    offset: 0,
    length: 0,
    headerLength: 0,
    transport: 0,
    partialChecksum: false,
    kind: 0,
    protocol: 0,
    source: 0,
    destination: 0,
    sourcePort: 0,
    destinationPort: 0,
    tcpFlags: 0,
    inner: {
      offset: 0,
      available: 0,
      headerLength: 0,
      protocol: 0,
      source: 0,
      destination: 0,
      sourcePort: 0,
      destinationPort: 0,
    },
  }
}
