/**
 * Checksums of IP packets: pure functions over a DataView, numbers in and numbers out, on every platform. They allocate nothing, and keep
 * complete checksums apart from the partial ones of packets that the kernel hands over unfinished.
 *
 * @module
 */
export {
  updateChecksum16,
  updateChecksum32,
  updateChecksum128,
  updatePartial16,
  updatePartial32,
  updatePartial128,
} from './incremental.js'
export { fold, internetChecksum, onesComplementSum } from './internet-checksum.js'
export {
  completeChecksum,
  computeIpv4HeaderChecksum,
  computePartialChecksum,
  computeTransportChecksum,
  verifyIpv4HeaderChecksum,
  verifyTransportChecksum,
  writeIpv4HeaderChecksum,
  writeTransportChecksum,
} from './packet-checksum.js'
export { ipv4PseudoHeaderSum, ipv6PseudoHeaderSum } from './pseudo-header.js'
export { quotedPacketOffset, rewriteQuotedEndpoint } from './quoted-packet.js'
export { udpComputed, udpUpdated } from './udp-zero.js'
export { CHECKSUM, type ChecksumVerdict } from './verdict.js'
