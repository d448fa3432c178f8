import { buildLab, fillTable } from './lab.mjs'
import { runSide } from './side-load.mjs'

/**
 * What streaming a table takes: peaks over what the process had before.
 *
 * @typedef {object} Memory
 * @property {string} variant
 * @property {number} entries
 * @property {number} rssBytes
 * @property {number} heapBytes
 * @property {number} externalBytes
 * @property {number} leftBytes Of the heap, after a collection.
 * @property {number} peakRssBytes Of the whole process.
 */

/**
 * @param {import('../harness/variant.mjs').Variant} variant
 * @param {number} entries
 * @returns {Promise<Memory>}
 */
export async function measureMemory(variant, entries) {
  await buildLab()
  await fillTable(entries)
  const running = await variant.start()
  try {
    const memory = /** @type {Omit<Memory, 'variant'>} */ (await runSide('memory', entries, 0))
    return { variant: variant.name, ...memory }
  } finally {
    await running.stop()
  }
}
