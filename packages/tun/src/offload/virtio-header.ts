import { DESCRIPTOR } from '../batch/descriptor.js'

/** `struct virtio_net_hdr` by field offset. Its 16-bit fields are in the order of the machine, which is little-endian on x64 and arm64. */
const FIELD = {
  flags: 0,
  gsoType: 1,
  headerLength: 2,
  gsoSize: 4,
  checksumStart: 6,
  checksumOffset: 8,
} as const

/** Writes a virtio header; every value must fit its field. */
export function writeVirtioHeader(
  view: DataView,
  at: number,
  flags: number,
  gsoType: number,
  headerLength: number,
  gsoSize: number,
  checksumStart: number,
  checksumOffset: number,
): void {
  view.setUint8(at + FIELD.flags, flags)
  view.setUint8(at + FIELD.gsoType, gsoType)
  view.setUint16(at + FIELD.headerLength, headerLength, true)
  view.setUint16(at + FIELD.gsoSize, gsoSize, true)
  view.setUint16(at + FIELD.checksumStart, checksumStart, true)
  view.setUint16(at + FIELD.checksumOffset, checksumOffset, true)
}

/** Writes the virtio words of a descriptor as a header; false, and nothing written, if one does not fit its field. */
export function writeDescribedHeader(
  view: DataView,
  at: number,
  descriptors: Int32Array,
  words: number,
): boolean {
  const flags = descriptors[words + DESCRIPTOR.flags]!
  const gsoType = descriptors[words + DESCRIPTOR.gsoType]!
  const headerLength = descriptors[words + DESCRIPTOR.headerLength]!
  const gsoSize = descriptors[words + DESCRIPTOR.gsoSize]!
  const checksumStart = descriptors[words + DESCRIPTOR.checksumStart]!
  const checksumOffset = descriptors[words + DESCRIPTOR.checksumOffset]!
  if (((flags | gsoType) & ~0xff) !== 0) return false
  if (((headerLength | gsoSize | checksumStart | checksumOffset) & ~0xffff) !== 0) return false
  writeVirtioHeader(view, at, flags, gsoType, headerLength, gsoSize, checksumStart, checksumOffset)
  return true
}

/** Fills the virtio words of a descriptor from a header; its other words stay. */
export function readVirtioHeader(view: DataView, at: number, descriptors: Int32Array, words: number): void {
  descriptors[words + DESCRIPTOR.flags] = view.getUint8(at + FIELD.flags)
  descriptors[words + DESCRIPTOR.gsoType] = view.getUint8(at + FIELD.gsoType)
  descriptors[words + DESCRIPTOR.headerLength] = view.getUint16(at + FIELD.headerLength, true)
  descriptors[words + DESCRIPTOR.gsoSize] = view.getUint16(at + FIELD.gsoSize, true)
  descriptors[words + DESCRIPTOR.checksumStart] = view.getUint16(at + FIELD.checksumStart, true)
  descriptors[words + DESCRIPTOR.checksumOffset] = view.getUint16(at + FIELD.checksumOffset, true)
}
