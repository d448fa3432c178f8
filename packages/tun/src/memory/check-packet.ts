import {
  DESCRIPTOR,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../batch/descriptor.js'
import { MAX_PACKET_BYTES, VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import { EBADMSG, EFAULT, EINVAL, EMSGSIZE, EOPNOTSUPP } from './linux-errno.js'
import { virtioWordsFit } from './virtio-words.js'

const IPV4_HEADER_BYTES = 20
const IPV6_HEADER_BYTES = 40

/**
 * 0, or the errno for which the device would refuse the packet that a descriptor describes: what the addon refuses before the
 * kernel is asked, and then what the kernel does.
 */
export function checkPacket(
  slab: DataView,
  descriptors: Int32Array,
  words: number,
  virtio: boolean,
  mtu: number,
): number {
  const offset = descriptors[words + DESCRIPTOR.offset]!
  const length = descriptors[words + DESCRIPTOR.length]!
  if (offset < (virtio ? VIRTIO_HEADER_BYTES : 0) || length < 0) return EFAULT
  if (offset + length > slab.byteLength) return EFAULT
  if (length > MAX_PACKET_BYTES) return EMSGSIZE
  if (!isWhole(slab, offset, length)) return EBADMSG
  if (!virtio && isUnfinished(descriptors, words)) return EOPNOTSUPP
  if (virtio && !virtioWordsFit(descriptors, words)) return EBADMSG
  return checkContent(slab, offset, length, descriptors, words, mtu)
}

/** What the kernel itself looks at, for a packet that is inside its memory and has virtio words that fit their fields. */
export function checkContent(
  memory: DataView,
  offset: number,
  length: number,
  descriptors: Int32Array,
  words: number,
  mtu: number,
): number {
  if ((descriptors[words + DESCRIPTOR.flags]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0) {
    const start = descriptors[words + DESCRIPTOR.checksumStart]!
    if (start + descriptors[words + DESCRIPTOR.checksumOffset]! + 2 > length) return EINVAL
  }
  const gsoType = descriptors[words + DESCRIPTOR.gsoType]!
  if (gsoType === VIRTIO_NET_HDR_GSO_NONE) return length > mtu ? EMSGSIZE : 0
  if (descriptors[words + DESCRIPTOR.gsoSize] === 0) return EINVAL
  return isGsoTypeOf(gsoType, memory.getUint8(offset) >>> 4) ? 0 : EINVAL
}

/** Whether the header of a packet fits the packet. */
export function isWhole(memory: DataView, offset: number, length: number): boolean {
  if (length < IPV4_HEADER_BYTES) return false
  const version = memory.getUint8(offset) >>> 4
  if (version === 4) {
    const header = (memory.getUint8(offset) & 0x0f) * 4
    const total = memory.getUint16(offset + 2)
    return header >= IPV4_HEADER_BYTES && header <= total && total <= length
  }
  if (version !== 6 || length < IPV6_HEADER_BYTES) return false
  return memory.getUint16(offset + 4) + IPV6_HEADER_BYTES <= length
}

function isUnfinished(descriptors: Int32Array, words: number): boolean {
  return (
    descriptors[words + DESCRIPTOR.gsoType] !== VIRTIO_NET_HDR_GSO_NONE ||
    (descriptors[words + DESCRIPTOR.flags]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0
  )
}

function isGsoTypeOf(gsoType: number, version: number): boolean {
  switch (gsoType) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN:
      return version === 4
    case VIRTIO_NET_HDR_GSO_TCPV6:
    case VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN:
      return version === 6
    default:
      return gsoType === VIRTIO_NET_HDR_GSO_UDP_L4
  }
}
