import { requireInteger } from '../errors/invalid-argument.js'
import { MAX_PACKET_BYTES, VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import { FlowTable } from './flow-table.js'
import { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from './plan-words.js'

/** Ten bytes of virtio header, 40 of IPv6 and 60 of TCP, with the IP header on a 16-byte boundary. */
const HEADER_SLOT_BYTES = 128
const VIRTIO_IN_SLOT = 16 - VIRTIO_HEADER_BYTES
/** The first slot is the header of every ordinary packet: ten zeros. */
const ZERO_HEADER = VIRTIO_IN_SLOT

/** Words of what is known of an output while it may still grow. */
export const GROWTH_WORDS = 9

/**
 * - `packets` in the output, and the index of the `last`. `length`: of the whole output without virtio header.
 * - `isOpen`: whether another packet may join. `segmentSize`: payload of each packet but the last.
 * - `sequence`: of TCP, what the next packet must have. `flags`: FIN and PSH of the last packet.
 * - `headerLength`: IP and transport header of every packet. `idStep`: by what IPv4 identifications count up.
 */
export const GROWTH = {
  packets: 0,
  last: 1,
  length: 2,
  isOpen: 3,
  segmentSize: 4,
  sequence: 5,
  flags: 6,
  headerLength: 7,
  idStep: 8,
} as const

/** Options of {@link MergePlan}. */
export interface MergePlanOptions {
  /** Most packets of a batch that is planned for: its capacity. Default 256. */
  packets?: number
}

/**
 * Which packets of a batch leave together, and what stands before each super-packet. Made once and filled by `planMerge` for ever.
 *
 * The packets stay where they are: an output is a header in `headers`, followed by a chain of `pieces` in the batch's slab, to be gathered
 * by one writev(2). An ordinary packet is an output with a zero virtio header and one piece, itself. Takes about 230 bytes a packet.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE` for `packets` outside 1..65536
 */
export class MergePlan {
  /** Memory of the headers: virtio header, and for a super-packet its IP and transport header behind it. */
  readonly headers: Uint8Array
  /** {@link OUTPUT_WORDS} words per output, named by {@link OUTPUT}, in the order of their first packets. */
  readonly outputs: Int32Array
  /** {@link PIECE_WORDS} words per packet of the batch, named by {@link PIECE}, under the index of the packet. */
  readonly pieces: Int32Array
  /** Outputs in the plan. */
  count = 0
  /** Most packets of a batch. */
  readonly capacity: number

  /** @internal The headers, for fields wider than a byte. */
  readonly view: DataView
  /** @internal {@link GROWTH_WORDS} words per output, named by {@link GROWTH}. */
  readonly growth: Int32Array
  /** @internal */
  readonly flows: FlowTable

  constructor(options: MergePlanOptions = {}) {
    const { packets = 256 } = options
    requireInteger('packets', packets, 1, MAX_PACKET_BYTES + 1)
    this.capacity = packets
    this.headers = new Uint8Array((packets + 1) * HEADER_SLOT_BYTES)
    this.view = new DataView(this.headers.buffer)
    this.outputs = new Int32Array(packets * OUTPUT_WORDS)
    this.pieces = new Int32Array(packets * PIECE_WORDS)
    this.growth = new Int32Array(packets * GROWTH_WORDS)
    this.flows = new FlowTable(packets)
  }

  /** @internal Forgets all outputs. */
  clear(): void {
    this.count = 0
    this.flows.clear()
  }

  /** @internal Appends an output of one packet, with a zero virtio header, and returns its index. */
  append(packet: number, offset: number, length: number): number {
    const output = this.count
    this.count = output + 1
    const words = output * OUTPUT_WORDS
    this.outputs[words + OUTPUT.header] = ZERO_HEADER
    this.outputs[words + OUTPUT.headerLength] = VIRTIO_HEADER_BYTES
    this.outputs[words + OUTPUT.piece] = packet
    this.outputs[words + OUTPUT.status] = 0
    this.setPiece(packet, offset, length)
    const growth = output * GROWTH_WORDS
    this.growth[growth + GROWTH.packets] = 1
    this.growth[growth + GROWTH.isOpen] = 0
    return output
  }

  /** @internal Gives an output a virtio header of its own, with `behind` bytes of other headers behind it; returns its place. */
  ownHeader(output: number, behind: number): number {
    const header = (output + 1) * HEADER_SLOT_BYTES + VIRTIO_IN_SLOT
    const words = output * OUTPUT_WORDS
    this.outputs[words + OUTPUT.header] = header
    this.outputs[words + OUTPUT.headerLength] = VIRTIO_HEADER_BYTES + behind
    return header
  }

  /** @internal Says what of a packet is in its output; as the last piece of a chain. */
  setPiece(packet: number, offset: number, length: number): void {
    const words = packet * PIECE_WORDS
    this.pieces[words + PIECE.offset] = offset
    this.pieces[words + PIECE.length] = length
    this.pieces[words + PIECE.next] = -1
  }
}
