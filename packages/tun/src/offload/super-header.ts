import {
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../batch/descriptor.js'
import { internetChecksum, onesComplementSum } from '../checksum/internet-checksum.js'
import { VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import {
  checksumOffsetOf,
  IPV4_FIELD,
  IPV4_HEADER_BYTES,
  IPV6_FIELD,
  IPV6_HEADER_BYTES,
  TCP,
  TCP_FIELD,
  UDP_FIELD,
} from './transport-header.js'
import { writeVirtioHeader } from './virtio-header.js'

/**
 * Writes the header of a super-packet to `at` of `target`: a virtio header, and the `headerLength` bytes of IP and transport header of its
 * first packet at `head` of `source`, rewritten for `length` bytes in all. The transport checksum is that of the pseudo-header alone.
 */
export function writeSuperHeader(
  target: DataView,
  at: number,
  source: DataView,
  head: number,
  headerLength: number,
  length: number,
  segmentSize: number,
  lastFlags: number,
): void {
  const ip = at + VIRTIO_HEADER_BYTES
  for (let done = 0; done < headerLength; done += 4) {
    target.setInt32(ip + done, source.getInt32(head + done, true), true)
  }
  const isIpv4 = target.getUint8(ip) >>> 4 === 4
  const ipHeader = isIpv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES
  const transport = ip + ipHeader
  const covered = length - ipHeader
  const protocol = target.getUint8(ip + (isIpv4 ? IPV4_FIELD.protocol : IPV6_FIELD.nextHeader))
  const addresses = ip + (isIpv4 ? IPV4_FIELD.source : IPV6_FIELD.source)
  const pseudoHeader = onesComplementSum(target, addresses, transport - addresses, protocol + covered)
  if (isIpv4) {
    target.setUint16(ip + IPV4_FIELD.length, length)
    target.setUint16(ip + IPV4_FIELD.checksum, 0)
    target.setUint16(ip + IPV4_FIELD.checksum, internetChecksum(target, ip, IPV4_HEADER_BYTES))
  } else {
    target.setUint16(ip + IPV6_FIELD.length, covered)
  }
  const checksumOffset = checksumOffsetOf(protocol)
  if (protocol === TCP) {
    target.setUint8(transport + TCP_FIELD.flags, target.getUint8(transport + TCP_FIELD.flags) | lastFlags)
  } else {
    target.setUint16(transport + UDP_FIELD.length, covered)
  }
  target.setUint16(transport + checksumOffset, pseudoHeader)
  const tcpType = isIpv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6
  const gsoType = protocol === TCP ? tcpType : VIRTIO_NET_HDR_GSO_UDP_L4
  writeVirtioHeader(
    target,
    at,
    VIRTIO_NET_HDR_F_NEEDS_CSUM,
    gsoType,
    headerLength,
    segmentSize,
    ipHeader,
    checksumOffset,
  )
}
