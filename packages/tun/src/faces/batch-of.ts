import { PacketBatch, type PacketBatchOptions } from '../batch/packet-batch.js'
import { invalidType } from '../errors/invalid-argument.js'

/** The batch itself, of this copy of the package or another one, or a new one of these dimensions. */
export function batchOf(batch: PacketBatch | PacketBatchOptions = {}): PacketBatch {
  if (typeof batch !== 'object' || batch === null) {
    throw invalidType('batch', 'a PacketBatch or the dimensions of one', batch)
  }
  return 'descriptors' in batch ? (batch as PacketBatch) : new PacketBatch(batch)
}
