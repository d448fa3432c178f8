import { copyBytes } from '../batch/copy-bytes.js'
import { MAX_PACKET_BYTES, VIRTIO_HEADER_BYTES } from '../kernel-abi.js'
import { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from '../offload/plan-words.js'
import { isWhole } from './check-packet.js'
import { EBADMSG, EFAULT, EMSGSIZE } from './linux-errno.js'

/** Segments the kernel allows a UDP super-packet (UDP_MAX_SEGMENTS), and more than a TCP one of 64 KiB has. */
const MAX_PIECES = 128

/** The outputs of a merge plan and the memory they lie in; see offload/plan-words.ts. */
export interface Gathering {
  slab: DataView
  headers: DataView
  outputs: Int32Array
  pieces: Int32Array
}

/**
 * Bytes of the packet that an output becomes, without its virtio header, or -errno. A plan made by somebody else than `planMerge` neither
 * reaches outside the memory it came with nor runs in a circle.
 */
export function gatheredLength({ slab, headers, outputs, pieces }: Gathering, output: number): number {
  const words = output * OUTPUT_WORDS
  const header = outputs[words + OUTPUT.header]!
  const headerLength = outputs[words + OUTPUT.headerLength]!
  if (header < 0 || headerLength < VIRTIO_HEADER_BYTES || header + headerLength > headers.byteLength)
    return -EFAULT
  let length = headerLength - VIRTIO_HEADER_BYTES
  let count = 0
  let offset = 0
  for (let piece = outputs[words + OUTPUT.piece]!; piece !== -1; ) {
    if (piece < 0 || (piece + 1) * PIECE_WORDS > pieces.length) return -EFAULT
    if (count === MAX_PIECES) return -EMSGSIZE
    offset = pieces[piece * PIECE_WORDS + PIECE.offset]!
    const bytes = pieces[piece * PIECE_WORDS + PIECE.length]!
    if (offset < 0 || bytes < 0 || offset + bytes > slab.byteLength) return -EFAULT
    length += bytes
    count += 1
    piece = pieces[piece * PIECE_WORDS + PIECE.next]!
  }
  if (length > MAX_PACKET_BYTES) return -EMSGSIZE
  // An output that is one packet of the batch has its header in the slab.
  if (headerLength === VIRTIO_HEADER_BYTES && (count !== 1 || !isWhole(slab, offset, length))) return -EBADMSG
  return length
}

/** Puts the bytes of an output one behind the other. Only for outputs of which {@link gatheredLength} is no errno. */
export function copyGathered(
  { slab, headers, outputs, pieces }: Gathering,
  output: number,
  target: DataView,
  offset: number,
): void {
  const words = output * OUTPUT_WORDS
  const header = outputs[words + OUTPUT.header]! + VIRTIO_HEADER_BYTES
  let bytes = outputs[words + OUTPUT.headerLength]! - VIRTIO_HEADER_BYTES
  copyBytes(headers, header, target, offset, bytes)
  let at = offset + bytes
  for (
    let piece = outputs[words + OUTPUT.piece]!;
    piece !== -1;
    piece = pieces[piece * PIECE_WORDS + PIECE.next]!
  ) {
    bytes = pieces[piece * PIECE_WORDS + PIECE.length]!
    copyBytes(slab, pieces[piece * PIECE_WORDS + PIECE.offset]!, target, at, bytes)
    at += bytes
  }
}
