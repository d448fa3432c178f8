import { internetChecksum, ipv4PseudoHeaderSum } from '@slatfatf/tun/checksum'
import { IPV4, PROTOCOL, TCP, UDP } from '../layout.js'

/** Builds real packets for tests, with every checksum right. Written against the RFCs, not against the code under test. */

interface Addresses {
  source: number
  destination: number
  ttl?: number
  /** Bytes of IP options; a multiple of four. */
  options?: Uint8Array
}

interface Ports extends Addresses {
  sourcePort: number
  destinationPort: number
  payload?: Uint8Array
  /** Leave the checksum as a device with offload does: the pseudo-header sum alone. */
  partial?: boolean
}

const NOTHING = new Uint8Array(0)

/** An IPv4 packet around a transport segment. */
export function buildIpv4(
  protocol: number,
  { source, destination, ttl = 64, options = NOTHING }: Addresses,
  segment: Uint8Array,
): Uint8Array {
  const headerLength = IPV4.minimumLength + options.length
  const bytes = new Uint8Array(headerLength + segment.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 0x40 | (headerLength / 4))
  view.setUint16(IPV4.totalLength, bytes.length)
  view.setUint16(IPV4.identification, 0x1234)
  view.setUint16(IPV4.fragment, 0x4000)
  view.setUint8(IPV4.ttl, ttl)
  view.setUint8(IPV4.protocol, protocol)
  view.setUint32(IPV4.source, source)
  view.setUint32(IPV4.destination, destination)
  bytes.set(options, IPV4.minimumLength)
  view.setUint16(IPV4.checksum, internetChecksum(view, 0, headerLength))
  bytes.set(segment, headerLength)
  return bytes
}

export function buildTcp(options: Ports & { flags?: number }): Uint8Array {
  const {
    source,
    destination,
    sourcePort,
    destinationPort,
    payload = NOTHING,
    flags = 0x10,
    partial,
  } = options
  const segment = new Uint8Array(TCP.minimumLength + payload.length)
  const view = new DataView(segment.buffer)
  view.setUint16(0, sourcePort)
  view.setUint16(2, destinationPort)
  view.setUint32(4, 0x01020304)
  view.setUint32(8, 0x0a0b0c0d)
  view.setUint8(TCP.dataOffset, 5 << 4)
  view.setUint8(TCP.flags, flags)
  view.setUint16(14, 64_240)
  segment.set(payload, TCP.minimumLength)
  const pseudo = ipv4PseudoHeaderSum(source, destination, PROTOCOL.tcp, segment.length)
  view.setUint16(TCP.checksum, partial ? pseudo : internetChecksum(view, 0, segment.length, pseudo))
  return buildIpv4(PROTOCOL.tcp, options, segment)
}

export function buildUdp(options: Ports & { checksum?: 'none' }): Uint8Array {
  const { source, destination, sourcePort, destinationPort, payload = NOTHING, partial } = options
  const segment = new Uint8Array(UDP.headerLength + payload.length)
  const view = new DataView(segment.buffer)
  view.setUint16(0, sourcePort)
  view.setUint16(2, destinationPort)
  view.setUint16(UDP.length, segment.length)
  segment.set(payload, UDP.headerLength)
  if (options.checksum !== 'none') {
    const pseudo = ipv4PseudoHeaderSum(source, destination, PROTOCOL.udp, segment.length)
    view.setUint16(
      UDP.checksum,
      partial ? pseudo : internetChecksum(view, 0, segment.length, pseudo) || 0xffff,
    )
  }
  return buildIpv4(PROTOCOL.udp, options, segment)
}

export function buildEcho(
  options: Addresses & { type: 'request' | 'reply'; id: number; payload?: Uint8Array },
): Uint8Array {
  const { type, id, payload = NOTHING } = options
  return buildIpv4(
    PROTOCOL.icmp,
    options,
    buildIcmp(type === 'request' ? 8 : 0, 0, id * 0x10000 + 1, payload),
  )
}

/** An ICMP error from `source` to `destination` that quotes the beginning of another packet. */
export function buildIcmpError(
  options: Addresses & { quoted: Uint8Array; type?: number; code?: number; rest?: number },
): Uint8Array {
  const { quoted, type = 3, code = 1, rest = 0 } = options
  return buildIpv4(PROTOCOL.icmp, options, buildIcmp(type, code, rest, quoted))
}

function buildIcmp(type: number, code: number, rest: number, payload: Uint8Array): Uint8Array {
  const segment = new Uint8Array(8 + payload.length)
  const view = new DataView(segment.buffer)
  view.setUint8(0, type)
  view.setUint8(1, code)
  view.setUint32(4, rest)
  segment.set(payload, 8)
  view.setUint16(2, internetChecksum(view, 0, segment.length))
  return segment
}
