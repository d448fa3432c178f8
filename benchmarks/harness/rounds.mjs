import { availableParallelism } from 'node:os'
import { readBusyPercent } from './conditions.mjs'
import { observeProcess } from './process-observer.mjs'

/**
 * @typedef {import('./variant.mjs').Variant} Variant
 * @typedef {import('./loads/load.mjs').Load} Load
 * @typedef {{ load: string, variant: string, round: number, rate: number, details: Record<string, number>,
 *   process?: import('./process-observer.mjs').Observation }} Sample
 */

/**
 * Carries every load through every variant once a round, the variants of one load directly after each other, and prints
 * each figure. The order of the variants moves on by one each round, so that nobody is always first.
 *
 * @param {object} options
 * @param {readonly Load[]} options.loads
 * @param {readonly Variant[]} options.variants
 * @param {number} options.rounds
 * @param {number} options.seconds
 * @param {() => Promise<void>} options.buildLab Makes the lab anew, for each measurement.
 * @returns {Promise<{ samples: Sample[], busyPercent: number[] }>} How busy the machine was before each round.
 */
export async function measureRounds({ loads, variants, rounds, seconds, buildLab }) {
  if (availableParallelism() < 2) throw new Error('two cores are needed: sender and forwarder have one each')
  /** @type {Sample[]} */
  const samples = []
  const busyPercent = []
  for (let round = 0; round < rounds; round++) {
    busyPercent.push(await readBusyPercent())
    for (const load of loads) {
      for (const variant of rotate(variants, round)) {
        await buildLab()
        const sample = await measureOnce(load, variant, seconds)
        samples.push({ load: load.name, variant: variant.name, round, ...sample })
        const figure = `${(sample.rate / load.scale).toFixed(2)} ${load.unit}`
        const where = `${load.name.padEnd(16)}  ${variant.name.padEnd(12)}`
        console.log(`round ${round + 1}/${rounds}  ${where}  ${figure}`)
      }
    }
  }
  return { samples, busyPercent }
}

/**
 * @param {readonly Variant[]} variants
 * @param {number} round
 */
function rotate(variants, round) {
  const shift = round % variants.length
  return [...variants.slice(shift), ...variants.slice(0, shift)]
}

/**
 * @param {Load} load
 * @param {Variant} variant
 * @param {number} seconds
 */
async function measureOnce(load, variant, seconds) {
  try {
    const running = await variant.start()
    try {
      const observer = observeProcess(running.process)
      const { rate, details } = await load.run({ seconds, during: observer })
      const observation = observer.result()
      return { rate, details, ...(observation && { process: observation }) }
    } finally {
      await running.stop()
    }
  } catch (error) {
    throw new Error(`${load.name} through ${variant.name}: ${/** @type {Error} */ (error).message}`, {
      cause: error,
    })
  }
}
