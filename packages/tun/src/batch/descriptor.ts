/** 32-bit words per packet in `PacketBatch.descriptors`. */
export const DESCRIPTOR_WORDS = 10

/**
 * Word of a descriptor by name: `descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.length]`.
 *
 * - `offset`: first byte of the IP header in the slab. `length`: bytes from there; 0 skips the packet on writing.
 * - `flags` … `checksumOffset`: the fields of `struct virtio_net_hdr`, all 0 on a queue without offload.
 *   `checksumStart` counts from the first byte of the packet, not of the slab.
 * - `status`: after writing, 0 or the (positive) errno for which this packet was refused.
 * - `user`: yours. Reading sets it to 0, writing leaves it alone.
 *
 * @see Virtual I/O Device (VIRTIO) 1.2, section 5.1.6
 */
export const DESCRIPTOR = {
  offset: 0,
  length: 1,
  flags: 2,
  gsoType: 3,
  headerLength: 4,
  gsoSize: 5,
  checksumStart: 6,
  checksumOffset: 7,
  status: 8,
  user: 9,
} as const

/** Flag: the transport checksum holds only the pseudo-header sum; whoever sends the packet on finishes it. */
export const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1

/** Segment type: an ordinary packet. */
export const VIRTIO_NET_HDR_GSO_NONE = 0
/** Segment type: TCP over IPv4, to be cut into segments of `gsoSize` bytes of payload. */
export const VIRTIO_NET_HDR_GSO_TCPV4 = 1
/** Segment type: UDP over IPv4, to be cut into IP fragments. Never asked of the kernel here. */
export const VIRTIO_NET_HDR_GSO_UDP = 3
/** Segment type: TCP over IPv6, to be cut into segments of `gsoSize` bytes of payload. */
export const VIRTIO_NET_HDR_GSO_TCPV6 = 4
/** Segment type: UDP over IPv4 or IPv6, to be cut into datagrams of `gsoSize` bytes of payload. Linux 6.2. */
export const VIRTIO_NET_HDR_GSO_UDP_L4 = 5
/** Bit beside a TCP segment type: the first segment carries CWR. */
export const VIRTIO_NET_HDR_GSO_ECN = 0x80
