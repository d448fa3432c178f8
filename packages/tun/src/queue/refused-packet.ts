import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { TUN_COUNTER } from './tun-counter.js'

/** Status of a packet whose bytes the kernel, or the cutting of a super-packet, found wrong. */
export const EINVAL = 22

/** Refuses a packet that the driver was not asked to write: status and counters as the driver would set them. */
export function refuseMalformed(batch: PacketBatch, index: number, counters: Float64Array): void {
  batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status] = EINVAL
  counters[TUN_COUNTER.writeErrors]! += 1
  counters[TUN_COUNTER.dropMalformed]! += 1
}
