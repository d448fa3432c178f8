import { udpUpdated, updateChecksum16, updateChecksum32, updatePartial32 } from '@slatfatf/tun/checksum'
import { ICMP, IPV4, PROTOCOL, TCP, UDP } from './layout.js'
import type { Packet } from './packet.js'

/**
 * Gives a packet another source address and port (or echo identifier), with all checksums updated incrementally. Also brings
 * `packet.source` and `packet.sourcePort` up to date. For TCP, UDP and echo.
 */
export function rewriteSource(packet: Packet, address: number, port: number): void {
  rewriteEndpoint(packet, IPV4.source, packet.source, address, 0, packet.sourcePort, port)
  packet.source = address
  packet.sourcePort = port
}

/** Gives a packet another destination address and port (or echo identifier), like {@link rewriteSource}. */
export function rewriteDestination(packet: Packet, address: number, port: number): void {
  rewriteEndpoint(packet, IPV4.destination, packet.destination, address, 2, packet.destinationPort, port)
  packet.destination = address
  packet.destinationPort = port
}

/**
 * Translates an ICMP error that came back about a packet of ours: its receiver becomes `destination`, and the packet it quotes again
 * the one that the client sent, from `innerAddress` and `innerPort` (RFC 5508 REQ-4). The quoted transport checksum is updated too
 * where it is quoted, and never judged.
 */
export function rewriteInnerSource(
  packet: Packet,
  destination: number,
  innerAddress: number,
  innerPort: number,
): void {
  const { inner } = packet
  rewriteQuoted(packet, IPV4.source, inner.source, innerAddress, 0, inner.sourcePort, innerPort)
  rewriteAddress(packet.view, packet.offset, IPV4.destination, packet.destination, destination)
  inner.source = innerAddress
  inner.sourcePort = innerPort
  packet.destination = destination
}

/**
 * Translates an ICMP error that a client sends about a packet it received: its sender becomes `source`, and the packet it quotes the one
 * that arrived from outside, for `innerAddress` and `innerPort` (RFC 5508 REQ-5).
 */
export function rewriteInnerDestination(
  packet: Packet,
  source: number,
  innerAddress: number,
  innerPort: number,
): void {
  const { inner } = packet
  rewriteQuoted(
    packet,
    IPV4.destination,
    inner.destination,
    innerAddress,
    2,
    inner.destinationPort,
    innerPort,
  )
  rewriteAddress(packet.view, packet.offset, IPV4.source, packet.source, source)
  inner.destination = innerAddress
  inner.destinationPort = innerPort
  packet.source = source
}

function rewriteEndpoint(
  packet: Packet,
  field: number,
  oldAddress: number,
  newAddress: number,
  portField: number,
  oldPort: number,
  newPort: number,
): void {
  const { view, offset, transport, protocol } = packet
  rewriteAddress(view, offset, field, oldAddress, newAddress)
  if (protocol === PROTOCOL.icmp) {
    // A partial ICMP checksum is the sum of no pseudo-header: whoever completes it adds the new identifier.
    if (packet.partialChecksum) view.setUint16(transport + ICMP.identifier, newPort)
    else rewriteIdentifier(view, transport, oldPort, newPort)
    return
  }
  view.setUint16(transport + portField, newPort)
  const at = transport + (protocol === PROTOCOL.tcp ? TCP.checksum : UDP.checksum)
  const check = view.getUint16(at)
  if (packet.partialChecksum) {
    view.setUint16(at, updatePartial32(check, oldAddress, newAddress))
    return
  }
  const updated = updateChecksum16(updateChecksum32(check, oldAddress, newAddress), oldPort, newPort)
  view.setUint16(at, protocol === PROTOCOL.udp ? udpUpdated(check, updated) : updated)
}

function rewriteAddress(view: DataView, header: number, field: number, before: number, after: number): void {
  view.setUint32(header + field, after)
  const at = header + IPV4.checksum
  view.setUint16(at, updateChecksum32(view.getUint16(at), before, after))
}

/** The ICMP checksum has no pseudo-header: the address does not touch it. */
function rewriteIdentifier(view: DataView, transport: number, before: number, after: number): void {
  view.setUint16(transport + ICMP.identifier, after)
  const at = transport + ICMP.checksum
  view.setUint16(at, updateChecksum16(view.getUint16(at), before, after))
}

/**
 * Changes one endpoint of the quoted packet and keeps three checksums right: that of its header, that of its transport where it is
 * quoted, and the outer ICMP one, which covers them all. Each changed word is applied to the outer checksum as it changes.
 */
function rewriteQuoted(
  packet: Packet,
  field: number,
  oldAddress: number,
  newAddress: number,
  portField: number,
  oldPort: number,
  newPort: number,
): void {
  const { view, inner, transport: icmp } = packet
  const header = inner.offset
  const transport = header + inner.headerLength
  let outer = view.getUint16(icmp + ICMP.checksum)

  const oldHeaderCheck = view.getUint16(header + IPV4.checksum)
  rewriteAddress(view, header, field, oldAddress, newAddress)
  outer = updateChecksum32(outer, oldAddress, newAddress)
  outer = updateChecksum16(outer, oldHeaderCheck, view.getUint16(header + IPV4.checksum))

  view.setUint16(transport + (inner.protocol === PROTOCOL.icmp ? ICMP.identifier : portField), newPort)
  outer = updateChecksum16(outer, oldPort, newPort)

  const at = transport + checksumField(inner.protocol)
  if (at + 2 <= header + inner.available) {
    const before = view.getUint16(at)
    const after = quotedChecksum(inner.protocol, before, oldAddress, newAddress, oldPort, newPort)
    view.setUint16(at, after)
    // A quote may begin at an odd distance only if its header did, and IPv4 headers are multiples of four bytes: words stay words.
    outer = updateChecksum16(outer, before, after)
  }
  view.setUint16(icmp + ICMP.checksum, outer)
}

function checksumField(protocol: number): number {
  if (protocol === PROTOCOL.tcp) return TCP.checksum
  return protocol === PROTOCOL.udp ? UDP.checksum : ICMP.checksum
}

function quotedChecksum(
  protocol: number,
  before: number,
  oldAddress: number,
  newAddress: number,
  oldPort: number,
  newPort: number,
): number {
  if (protocol === PROTOCOL.icmp) return updateChecksum16(before, oldPort, newPort)
  const updated = updateChecksum16(updateChecksum32(before, oldAddress, newAddress), oldPort, newPort)
  return protocol === PROTOCOL.udp ? udpUpdated(before, updated) : updated
}
