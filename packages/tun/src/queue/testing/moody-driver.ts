import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../../batch/descriptor.js'
import { PacketBatch } from '../../batch/packet-batch.js'
import { VIRTIO_HEADER_BYTES } from '../../kernel-abi.js'
import { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from '../../offload/plan-words.js'
import { packetsOut } from '../../offload/testing/deliver-plan.js'
import { readVirtioHeader } from '../../offload/virtio-header.js'
import { protocolOfGso } from '../offload-switch.js'
import type { QueueDriver } from '../queue-driver.js'
import { EINVAL } from '../refused-packet.js'

/** A driver that is full when `isFull` says so and refuses super-packets of some protocols, and keeps what it takes, cut as the kernel cuts. */
export class MoodyDriver implements QueueDriver {
  readonly fd = -1
  readonly name = 'moody'
  readonly index = 0
  /** The packets that left, one by one. */
  readonly taken: Uint8Array[] = []
  superPackets = 0
  readonly #isFull: () => boolean
  readonly #refused: ReadonlySet<'tcp' | 'udp'>

  constructor(isFull: () => boolean, refused: ReadonlySet<'tcp' | 'udp'>) {
    this.#isFull = isFull
    this.#refused = refused
  }

  readBatch(): number {
    return 0
  }

  writeBatch(slab: Uint8Array, descriptors: Int32Array, from: number, count: number): number {
    for (let index = from; index < count; index += 1) {
      const words = descriptors.subarray(index * DESCRIPTOR_WORDS, (index + 1) * DESCRIPTOR_WORDS)
      words[DESCRIPTOR.status] = 0
      if (words[DESCRIPTOR.length] === 0) continue
      if (this.#isFull()) return index
      const offset = words[DESCRIPTOR.offset]!
      if (this.#take(slab.subarray(offset, offset + words[DESCRIPTOR.length]!), words)) continue
      words[DESCRIPTOR.status] = EINVAL
      return index
    }
    return count
  }

  writeGathered(
    slab: Uint8Array,
    headers: Uint8Array,
    outputs: Int32Array,
    pieces: Int32Array,
    from: number,
    count: number,
  ): number {
    for (let index = from; index < count; index += 1) {
      const words = outputs.subarray(index * OUTPUT_WORDS, (index + 1) * OUTPUT_WORDS)
      words[OUTPUT.status] = 0
      if (this.#isFull()) return index
      const header = words[OUTPUT.header]!
      const parts = [headers.subarray(header + VIRTIO_HEADER_BYTES, header + words[OUTPUT.headerLength]!)]
      for (let piece = words[OUTPUT.piece]!; piece !== -1; ) {
        const part = pieces.subarray(piece * PIECE_WORDS, (piece + 1) * PIECE_WORDS)
        parts.push(slab.subarray(part[PIECE.offset]!, part[PIECE.offset]! + part[PIECE.length]!))
        piece = part[PIECE.next]!
      }
      const virtio = new Int32Array(DESCRIPTOR_WORDS)
      readVirtioHeader(new DataView(headers.buffer), header, virtio, 0)
      if (this.#take(Buffer.concat(parts), virtio)) continue
      words[OUTPUT.status] = EINVAL
      return index
    }
    return count
  }

  startPolling(): number {
    return 0
  }

  stopPolling(): void {}

  setRef(): void {}

  close(): void {}

  #take(packet: Uint8Array, virtio: Int32Array): boolean {
    const protocol = protocolOfGso(virtio[DESCRIPTOR.gsoType]!)
    if (protocol !== undefined && this.#refused.has(protocol)) return false
    if (protocol !== undefined) this.superPackets += 1
    const batch = new PacketBatch({ packets: 1, slabBytes: 1 << 17 })
    batch.append(packet)
    for (let word: number = DESCRIPTOR.flags; word < DESCRIPTOR.status; word += 1) {
      batch.descriptors[word] = virtio[word]!
    }
    this.taken.push(...packetsOut(batch))
    return true
  }
}
