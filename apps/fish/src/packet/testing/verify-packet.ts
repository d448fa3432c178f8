import { internetChecksum, ipv4PseudoHeaderSum } from '@slatfatf/tun/checksum'
import { IPV4, PROTOCOL, UDP } from '../layout.js'

/**
 * Says which checksums of a packet are wrong, computed from scratch: `ip`, `transport`, `quoted ip`, `quoted transport`. A quoted transport
 * checksum is judged only when the whole quoted packet is there.
 */
export function wrongChecksums(bytes: Uint8Array, prefix = '', partial = false): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = (view.getUint8(0) & 0x0f) * 4
  const wrong: string[] = []
  if (internetChecksum(view, 0, headerLength) !== 0) wrong.push(`${prefix}ip`)
  const total = view.getUint16(IPV4.totalLength)
  if (total > bytes.length) return wrong
  const protocol = view.getUint8(IPV4.protocol)
  const length = total - headerLength
  const pseudo = ipv4PseudoHeaderSum(
    view.getUint32(IPV4.source),
    view.getUint32(IPV4.destination),
    protocol,
    length,
  )
  if (!isTransportRight(view, protocol, headerLength, length, pseudo, partial))
    wrong.push(`${prefix}transport`)
  const isError = protocol === PROTOCOL.icmp && [3, 11, 12].includes(view.getUint8(headerLength))
  return isError ? [...wrong, ...wrongChecksums(bytes.subarray(headerLength + 8, total), 'quoted ')] : wrong
}

function isTransportRight(
  view: DataView,
  protocol: number,
  at: number,
  length: number,
  pseudo: number,
  partial: boolean,
): boolean {
  if (protocol === PROTOCOL.icmp) return internetChecksum(view, at, length) === 0
  const field = at + (protocol === PROTOCOL.udp ? UDP.checksum : 16)
  if (protocol === PROTOCOL.udp && view.getUint16(field) === 0) return true
  return partial
    ? view.getUint16(field) % 0xffff === pseudo % 0xffff
    : internetChecksum(view, at, length, pseudo) === 0
}
