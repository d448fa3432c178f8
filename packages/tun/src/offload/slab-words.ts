const words = new WeakMap<Uint8Array, Uint32Array>()

/**
 * The whole 32-bit words of a slab, for loops that move four bytes at a time. Made once for each slab; later calls only look it up.
 *
 * The words are in the order of the machine, which is little-endian wherever this package runs on a kernel.
 */
export function slabWords(slab: Uint8Array): Uint32Array {
  const known = words.get(slab)
  if (known !== undefined) return known
  const made = new Uint32Array(slab.buffer, slab.byteOffset, slab.byteLength >>> 2)
  words.set(slab, made)
  return made
}
