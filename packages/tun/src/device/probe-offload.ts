import {
  DESCRIPTOR,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import type { OffloadState } from '../queue/offload-switch.js'
import type { QueueDriver } from '../queue/queue-driver.js'
import { EINVAL } from '../queue/refused-packet.js'

const IPV4_HEADER_BYTES = 20
const SEGMENT_BYTES = 64

/**
 * Asks the kernel whether it takes super-packets, by writing one of each kind: some kernels accept the flags and refuse every
 * packet with EINVAL. The IPv4 header checksum of these is wrong, so they end in `ip_rcv()`, before any rule or socket sees them,
 * as InCsumErrors. Only a device that is up can be asked.
 */
export function probeOffload(driver: QueueDriver, state: OffloadState): OffloadState {
  let probed = state
  for (const [protocol, gsoType, header] of [
    ['tcp', VIRTIO_NET_HDR_GSO_TCPV4, 20],
    ['udp', VIRTIO_NET_HDR_GSO_UDP_L4, 8],
  ] as const) {
    if (state[protocol] !== 'on') continue
    if (tryWrite(driver, gsoType, header) === EINVAL) {
      probed = Object.freeze({
        ...probed,
        [protocol]: 'read',
        reason: `write(${protocol} super-packet): EINVAL`,
      })
    }
  }
  return probed
}

/** The status of a super-packet of two segments. */
function tryWrite(driver: QueueDriver, gsoType: number, transportHeaderBytes: number): number {
  const batch = new PacketBatch({ packets: 1, slabBytes: 1 << 17 })
  const headerBytes = IPV4_HEADER_BYTES + transportHeaderBytes
  const length = headerBytes + 2 * SEGMENT_BYTES
  batch.allocate(length)
  const { view, descriptors } = batch
  const ip = descriptors[DESCRIPTOR.offset]!
  const isTcp = gsoType === VIRTIO_NET_HDR_GSO_TCPV4
  // The TTL stays 0, and so does the header checksum, which is wrong for these fields. Documentation addresses (RFC 5737).
  view.setUint8(ip, 0x45)
  view.setUint16(ip + 2, length)
  view.setUint8(ip + 9, isTcp ? 6 : 17)
  view.setUint32(ip + 12, 0xc0000201)
  view.setUint32(ip + 16, 0xc0000202)
  if (isTcp) view.setUint8(ip + IPV4_HEADER_BYTES + 12, 0x50)
  else view.setUint16(ip + IPV4_HEADER_BYTES + 4, length - IPV4_HEADER_BYTES)
  descriptors[DESCRIPTOR.flags] = VIRTIO_NET_HDR_F_NEEDS_CSUM
  descriptors[DESCRIPTOR.gsoType] = gsoType
  descriptors[DESCRIPTOR.headerLength] = headerBytes
  descriptors[DESCRIPTOR.gsoSize] = SEGMENT_BYTES
  descriptors[DESCRIPTOR.checksumStart] = IPV4_HEADER_BYTES
  descriptors[DESCRIPTOR.checksumOffset] = isTcp ? 16 : 6
  driver.writeBatch(batch.slab, descriptors, 0, 1)
  return descriptors[DESCRIPTOR.status]!
}
