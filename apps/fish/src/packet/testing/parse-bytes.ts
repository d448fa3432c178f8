import { createPacket, type Packet } from '../packet.js'
import { parsePacket } from '../parse.js'

/** Bytes around the packet that nobody may read into or write to. */
const MARGIN = 64
const GUARD = 0xa5

/** A packet in the middle of a slab, as the loop sees it. */
export interface Placed {
  packet: Packet
  verdict: number
  /** The bytes of the packet, where it lies now. */
  bytes(): Uint8Array
  /** True while nothing outside the packet has been written, but for `before` bytes in front of where it began. */
  guardsIntact(before?: number): boolean
}

/** Puts bytes into a slab between guard bytes and parses them there. */
export function parseBytes(bytes: Uint8Array, partialChecksum = false, guard = GUARD): Placed {
  const slab = new Uint8Array(MARGIN + bytes.length + MARGIN).fill(guard)
  slab.set(bytes, MARGIN)
  const packet = createPacket()
  const verdict = parsePacket(packet, new DataView(slab.buffer), MARGIN, bytes.length, partialChecksum)
  return {
    packet,
    verdict,
    bytes: () => slab.slice(packet.offset, packet.offset + packet.length),
    guardsIntact: (before = 0) =>
      slab.subarray(0, MARGIN - before).every((byte) => byte === guard) &&
      slab.subarray(MARGIN + bytes.length).every((byte) => byte === guard),
  }
}
