// Flags of TUNSETIFF and TUNSETOFFLOAD, spelled and valued as in linux/if_tun.h.

export const IFF_TUN = 0x0001
export const IFF_TAP = 0x0002
export const IFF_NAPI = 0x0010
export const IFF_MULTI_QUEUE = 0x0100
export const IFF_NO_PI = 0x1000
export const IFF_VNET_HDR = 0x4000
export const IFF_TUN_EXCL = 0x8000

export const TUN_F_CSUM = 0x01
export const TUN_F_TSO4 = 0x02
export const TUN_F_TSO6 = 0x04
export const TUN_F_USO4 = 0x20
export const TUN_F_USO6 = 0x40

/** Size of `struct virtio_net_hdr`, what stands before each packet when IFF_VNET_HDR is on. */
export const VIRTIO_HEADER_BYTES = 10
/** Largest packet a TUN device takes or gives: the 16-bit length field of IPv4. */
export const MAX_PACKET_BYTES = 65535
