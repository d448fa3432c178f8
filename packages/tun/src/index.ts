export {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from './descriptor.js'
export type { DeviceConfiguration } from './device-configuration.js'
export type { OffloadRequest, OffloadState } from './offload.js'
export type { OpenTunOptions } from './open-options.js'
export { openTun } from './open-tun.js'
export { PacketBatch, type PacketBatchOptions } from './packet-batch.js'
export { TUN_COUNTER } from './tun-counter.js'
export { TunDevice } from './tun-device.js'
export { isTunError, TunError, type TunErrorFields } from './tun-error.js'
export { TunQueue } from './tun-queue.js'
