import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import type { PacketBatch } from '../batch/packet-batch.js'
import { requireBatch, requireInteger } from '../errors/invalid-argument.js'
import { systemError } from '../errors/system-error.js'
import type { TunError } from '../errors/tun-error.js'

/**
 * Why packet `index` of a batch was not written, or undefined if it was: its status word as an error with a hint.
 *
 * `EFAULT`: the descriptor points outside the slab. `EMSGSIZE`: more than 65,535 bytes. `EBADMSG`: shorter than an IP
 * header, or a length field in it does not fit. `EINVAL`: the kernel found it, or its virtio words, malformed.
 * `EOPNOTSUPP`: an unfinished checksum or a super-packet on a queue without offload. `EIO`: the device is down. `EBADFD`: it was deleted.
 *
 * @throws RangeError `ERR_INVALID_ARG_VALUE` for an index outside 0..count-1
 */
export function packetError(batch: PacketBatch, index: number, device?: string): TunError | undefined {
  requireBatch(batch)
  requireInteger('index', index, 0, batch.count - 1)
  const status = batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.status]!
  return status === 0 ? undefined : systemError(-status, 'write(tun)', device)
}
