import { DESCRIPTOR } from '../batch/descriptor.js'

/** Copies the virtio words of one descriptor to another. */
export function copyVirtioWords(source: Int32Array, from: number, target: Int32Array, to: number): void {
  for (let word = DESCRIPTOR.flags; word <= DESCRIPTOR.checksumOffset; word += 1) {
    target[to + word] = source[from + word]!
  }
}

/** Whether each virtio word fits its field. */
export function virtioWordsFit(descriptors: Int32Array, words: number): boolean {
  const bytes = descriptors[words + DESCRIPTOR.flags]! | descriptors[words + DESCRIPTOR.gsoType]!
  const halves =
    descriptors[words + DESCRIPTOR.headerLength]! |
    descriptors[words + DESCRIPTOR.gsoSize]! |
    descriptors[words + DESCRIPTOR.checksumStart]! |
    descriptors[words + DESCRIPTOR.checksumOffset]!
  return bytes >>> 8 === 0 && halves >>> 16 === 0
}

/** Writes a `struct virtio_net_hdr`. Little-endian, as on every kernel this package knows. */
export function putVirtioHeader(
  descriptors: Int32Array,
  words: number,
  view: DataView,
  offset: number,
): void {
  view.setUint8(offset, descriptors[words + DESCRIPTOR.flags]!)
  view.setUint8(offset + 1, descriptors[words + DESCRIPTOR.gsoType]!)
  view.setUint16(offset + 2, descriptors[words + DESCRIPTOR.headerLength]!, true)
  view.setUint16(offset + 4, descriptors[words + DESCRIPTOR.gsoSize]!, true)
  view.setUint16(offset + 6, descriptors[words + DESCRIPTOR.checksumStart]!, true)
  view.setUint16(offset + 8, descriptors[words + DESCRIPTOR.checksumOffset]!, true)
}

/** Reads a `struct virtio_net_hdr` into the virtio words of a descriptor. */
export function takeVirtioHeader(
  view: DataView,
  offset: number,
  descriptors: Int32Array,
  words: number,
): void {
  descriptors[words + DESCRIPTOR.flags] = view.getUint8(offset)
  descriptors[words + DESCRIPTOR.gsoType] = view.getUint8(offset + 1)
  descriptors[words + DESCRIPTOR.headerLength] = view.getUint16(offset + 2, true)
  descriptors[words + DESCRIPTOR.gsoSize] = view.getUint16(offset + 4, true)
  descriptors[words + DESCRIPTOR.checksumStart] = view.getUint16(offset + 6, true)
  descriptors[words + DESCRIPTOR.checksumOffset] = view.getUint16(offset + 8, true)
}
