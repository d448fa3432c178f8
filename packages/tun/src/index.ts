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
} from './batch/descriptor.js'
export { PacketBatch, type PacketBatchOptions } from './batch/packet-batch.js'
export type { DeviceConfiguration } from './device/device-configuration.js'
export type { OffloadRequest, OffloadState } from './device/offload-state.js'
export type { OpenTunOptions } from './device/open-options.js'
export { openTun } from './device/open-tun.js'
export { TunDevice } from './device/tun-device.js'
export { isTunError, TunError, type TunErrorFields } from './errors/tun-error.js'
export { TUN_COUNTER } from './queue/tun-counter.js'
export { TunQueue } from './queue/tun-queue.js'
