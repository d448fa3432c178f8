import { runSide } from './side-load.mjs'

const BATCH = 1000
/** Of the slowest side. */
const MOST_MICROS_PER_TASK = 30

/**
 * @typedef {object} Memory
 * @property {string} variant
 * @property {number} tasks
 * @property {number} leftBytes How the heap has grown after all of them.
 * @property {number} heldTasks
 * @property {number} aloneBytes Of each that is in flight, without what counts it.
 * @property {number} countedBytes And with it.
 */

/**
 * @param {import('../harness/variant.mjs').Variant} variant
 * @param {number} tasks
 * @returns {Promise<Memory>}
 */
export async function measureMemory(variant, tasks) {
  const running = await variant.start()
  try {
    const timeoutMs = (tasks * MOST_MICROS_PER_TASK) / 1000
    const memory = /** @type {Omit<Memory, 'variant'>} */ (
      /** @type {unknown} */ (await runSide(['memory', BATCH, tasks], timeoutMs))
    )
    return { variant: variant.name, ...memory }
  } finally {
    await running.stop()
  }
}
