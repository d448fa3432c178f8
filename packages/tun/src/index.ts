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
export type { DeviceConfiguration, PeerAddress } from './device/device-configuration.js'
export type { DeviceInspection } from './device/inspect-device.js'
export type { OffloadMode, OffloadSettings } from './device/offload-request.js'
export type { OpenTunOptions } from './device/open-options.js'
export { openTun } from './device/open-tun.js'
export { receiveQueue } from './device/receive-queue.js'
export { TunDevice, type TunDeviceEvents } from './device/tun-device.js'
export { type TunFromFdOptions, tunFromFd } from './device/tun-from-fd.js'
export { isTunError, TunError, type TunErrorFields } from './errors/tun-error.js'
export type { BatchesOptions, BorrowedBatch } from './faces/batches.js'
export type { DuplexOptions } from './faces/duplex.js'
export { type ForwardOptions, forwardBatches } from './faces/forward-batches.js'
export type { PacketsOptions } from './faces/packets.js'
export type { PacketStreams, WebStreamOptions } from './faces/web-streams.js'
export type { Drop } from './queue/drop-watch.js'
export type { OffloadDirection, OffloadState } from './queue/offload-switch.js'
export { packetError } from './queue/packet-error.js'
export type { PacketQueue, WaitOptions } from './queue/packet-queue.js'
export type { QueueToken } from './queue/queue-token.js'
export { readCounters, TUN_COUNTER, type TunCounters } from './queue/tun-counter.js'
export { TunQueue, type TunQueueEvents } from './queue/tun-queue.js'
