import { updateChecksum16 } from './incremental.js'
import { onesComplementSum } from './internet-checksum.js'
import { createTransportLocation, locateTransport, PROTOCOL } from './transport-location.js'
import { udpUpdated } from './udp-zero.js'
import { CHECKSUM } from './verdict.js'

const ICMP_HEADER = 8

const outer = createTransportLocation()
const inner = createTransportLocation()

/**
 * Where the packet begins that the ICMP or ICMPv6 error at `[offset, offset + length)` quotes, counted from the beginning of the view; or a
 * {@link CHECKSUM} below 0, which is `unsupported` for anything but an error that quotes. It is usually cut short:
 * {@link verifyIpv4HeaderChecksum} judges its header, its transport checksum can only be updated.
 *
 * @see RFC 792, RFC 4443 §3
 */
export function quotedPacketOffset(view: DataView, offset: number, length: number): number {
  const refusal = locateTransport(outer, view, offset, length, false)
  if (refusal < 0) return refusal
  if (outer.protocol !== PROTOCOL.icmp && outer.protocol !== PROTOCOL.icmpv6) return CHECKSUM.unsupported
  if (!quotes(outer.protocol, view.getUint8(outer.start))) return CHECKSUM.unsupported
  return outer.end - outer.start < ICMP_HEADER ? CHECKSUM.malformed : outer.start + ICMP_HEADER
}

/**
 * Gives the packet that an ICMP or ICMPv6 error quotes another source or destination: the address that lies in `addressView` at
 * `addressOffset` (4 or 16 bytes, as the quoted packet has), and port or echo identifier. The translation of an error about a translated
 * packet.
 *
 * Keeps four checksums as right or wrong as they were, incrementally: the quoted IPv4 header's, the quoted transport's where it is quoted
 * (0 of UDP stays 0), and the outer ICMP one, which covers the bytes of both and the two themselves. Each word that changes, changes
 * the outer checksum: `outer = updateChecksum16(outer, before, after)`, in any order. The outer addresses are not touched; of those
 * an ICMPv6 checksum covers both, an ICMP one neither.
 *
 * Returns where the quoted packet begins, or a {@link CHECKSUM} below 0, and then has written nothing: `fragment` if it has no ports,
 * `unsupported` also if it is no echo, or if the address to change is not the one in its pseudo-header (a source route).
 *
 * @throws RangeError (of DataView) if the address is not within its view
 * @see RFC 5508 §4.2, RFC 1624 §3
 */
export function rewriteQuotedEndpoint(
  view: DataView,
  offset: number,
  length: number,
  endpoint: 'source' | 'destination',
  addressView: DataView,
  addressOffset: number,
  port: number,
): number {
  const quote = quotedPacketOffset(view, offset, length)
  if (quote < 0) return quote
  const refusal = locateTransport(inner, view, quote, outer.end - quote, true)
  if (refusal < 0) return refusal
  if (inner.version !== outer.version) return CHECKSUM.malformed
  const { version, protocol, start } = inner
  const isSource = endpoint === 'source'
  const field = isSource ? inner.source : inner.destination
  if (!isSource && field !== quote + (version === 4 ? 16 : 24)) return CHECKSUM.unsupported
  const portField = portFieldOf(view, protocol, start, isSource)
  if (portField < 0) return portField

  const addressBytes = version === 4 ? 4 : 16
  const newAddress = onesComplementSum(addressView, addressOffset, addressBytes)
  const oldAddress = onesComplementSum(view, field, addressBytes)
  const oldPort = view.getUint16(portField)
  let check = updateChecksum16(view.getUint16(outer.check), oldAddress, newAddress)
  check = updateChecksum16(check, oldPort, port)

  copyAddress(view, field, addressView, addressOffset, version)
  view.setUint16(portField, port)
  if (version === 4) {
    const before = view.getUint16(quote + 10)
    const after = updateChecksum16(before, oldAddress, newAddress)
    view.setUint16(quote + 10, after)
    check = updateChecksum16(check, before, after)
  }
  if (inner.check + 2 <= inner.end) {
    const before = view.getUint16(inner.check)
    let after = updateChecksum16(before, oldPort, port)
    if (protocol !== PROTOCOL.icmp) after = updateChecksum16(after, oldAddress, newAddress)
    if (protocol === PROTOCOL.udp) after = udpUpdated(before, after)
    view.setUint16(inner.check, after)
    check = updateChecksum16(check, before, after)
  }
  view.setUint16(outer.check, check)
  return quote
}

/** Errors, and the redirect of IPv4: the messages that carry the beginning of another packet. */
function quotes(protocol: number, type: number): boolean {
  if (protocol === PROTOCOL.icmpv6) return type >= 1 && type <= 4
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12
}

function portFieldOf(view: DataView, protocol: number, start: number, isSource: boolean): number {
  if (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) return isSource ? start : start + 2
  const type = view.getUint8(start)
  const isEcho = protocol === PROTOCOL.icmp ? type === 8 || type === 0 : type === 128 || type === 129
  return isEcho ? start + 4 : CHECKSUM.unsupported
}

/** All words are read before the first is written: the two may overlap. */
function copyAddress(to: DataView, at: number, from: DataView, fromOffset: number, version: number): void {
  const a = from.getInt32(fromOffset)
  if (version === 4) {
    to.setInt32(at, a)
    return
  }
  const b = from.getInt32(fromOffset + 4)
  const c = from.getInt32(fromOffset + 8)
  const d = from.getInt32(fromOffset + 12)
  to.setInt32(at, a)
  to.setInt32(at + 4, b)
  to.setInt32(at + 8, c)
  to.setInt32(at + 12, d)
}
