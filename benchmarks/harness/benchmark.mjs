import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isEnclosed, runEnclosed } from './enclosure.mjs'

const RESULTS = join(import.meta.dirname, '../results')

/**
 * Runs a benchmark inside an enclosure. Returns 0 when everything ran, however fast; 1 when something failed to run; 2 for
 * wrong options.
 *
 * @template Options
 * @param {object} benchmark
 * @param {string} benchmark.name
 * @param {string} benchmark.usage
 * @param {readonly string[]} args
 * @param {object} steps
 * @param {(args: readonly string[]) => Options} steps.parse
 * @param {(options: Options) => Promise<void>} [steps.prepare] Runs before the enclosure, where the internet still is.
 * @param {(options: Options) => Promise<void>} steps.measure
 * @returns {Promise<number>}
 */
export async function runBenchmark({ name, usage }, args, { parse, prepare, measure }) {
  let options
  try {
    options = parse(args)
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${usage}`)
    return 2
  }
  try {
    if (!isEnclosed()) {
      await prepare?.(options)
      return await runEnclosed()
    }
    await measure(options)
    return 0
  } catch (error) {
    console.error(`\n${name}: ${/** @type {Error} */ (error).message}`)
    return 1
  }
}

/**
 * Writes `results/NAME.json`.
 *
 * @param {string} name
 * @param {Record<string, unknown>} document
 */
export async function writeResults(name, document) {
  await mkdir(RESULTS, { recursive: true })
  const text = JSON.stringify({ benchmark: name, ...document }, undefined, 2)
  await writeFile(join(RESULTS, `${name}.json`), `${text}\n`)
  console.log(`\nAll samples: benchmarks/results/${name}.json`)
}
