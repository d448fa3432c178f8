/** A slab as bytes and as whole 32-bit words, which are in the order of the machine: little-endian wherever a kernel is spoken to. */
export interface SlabWords {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
}

const known = new WeakMap<Uint8Array, SlabWords>()

/** The words of a slab, for loops that move four bytes at a time. Made once for each slab; later calls only look it up. */
export function slabWords(slab: Uint8Array): SlabWords {
  const found = known.get(slab)
  if (found !== undefined) return found
  const made = { bytes: slab, words: new Uint32Array(slab.buffer, slab.byteOffset, slab.byteLength >>> 2) }
  known.set(slab, made)
  return made
}
