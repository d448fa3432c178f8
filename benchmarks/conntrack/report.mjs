import { fixed, printConditions, printDisturbance, printLoad, printVerdicts } from '../harness/report.mjs'
import { median } from '../harness/statistics.mjs'
import { TOPOLOGY } from './lab.mjs'

const KEY_WIDTH = 26

/**
 * @typedef {object} Group Loads that the same variants have carried.
 * @property {readonly import('../harness/loads/load.mjs').Load[]} loads
 * @property {readonly import('../harness/variant.mjs').Variant[]} variants
 */

/**
 * @param {object} report
 * @param {import('../harness/report.mjs').Conditions} report.conditions
 * @param {readonly Group[]} report.groups
 * @param {import('../harness/summary.mjs').Summary} report.summary
 * @param {readonly import('../harness/rounds.mjs').Sample[]} report.samples
 * @param {readonly import('./memory.mjs').Memory[]} report.memory
 * @param {ReturnType<typeof import('./pairs.mjs').judge>} report.thresholds
 * @param {Record<string, string>} report.missing
 */
export function printReport({ conditions, groups, summary, samples, memory, thresholds, missing }) {
  printConditions(TOPOLOGY, conditions)
  for (const { loads, variants } of groups) {
    for (const load of loads) {
      printLoad(load, variants, summary, [load.conditions])
      printDetails(load.name, variants, samples)
    }
  }
  printVerdicts(summary)
  printMemory(memory)
  for (const [name, why] of Object.entries(missing)) console.log(`\nNot measured: ${name}. ${why}`)
  printThresholds(thresholds)
  printDisturbance(conditions)
}

/**
 * Medians of what is worth knowing besides the rate.
 *
 * @param {string} load
 * @param {Group['variants']} variants
 * @param {readonly import('../harness/rounds.mjs').Sample[]} samples
 */
function printDetails(load, variants, samples) {
  for (const { name, title } of variants) {
    const details = samples.filter((each) => each.load === load && each.variant === name)
    const of = (/** @type {string} */ key) => median(details.map(({ details }) => details[key] ?? Number.NaN))
    if (details[0]?.details.cpuMicros !== undefined)
      console.log(
        `  ${title.padEnd(44)} ${fixed(of('cpuMicros')).padStart(7)}  µs of processor time an entry`,
      )
    if (details[0]?.details.p99Ms !== undefined)
      console.log(`  ${title.padEnd(44)} ${fixed(of('p99Ms'), 1).padStart(7)}  99 % of the turns`)
    if (details.some((each) => each.details.isSourceBound === 1))
      console.log(`  ${title.padEnd(44)}          the source of events could not make more`)
    if (details.some((each) => each.details.isBelow === 1))
      console.log(`  ${title.padEnd(44)}          lost events at the least rate too`)
  }
}

/** @param {readonly import('./memory.mjs').Memory[]} memory */
function printMemory(memory) {
  if (memory.length === 0) return
  const mib = (/** @type {number} */ bytes) => fixed(bytes / 2 ** 20, 1)
  console.log('\nMiB while a dump is streamed, over what was before')
  for (const { variant, entries, rssBytes, heapBytes, externalBytes, leftBytes, peakRssBytes } of memory) {
    console.log(
      `  ${variant.padEnd(10)} ${String(entries).padStart(7)} entries: RSS ${mib(rssBytes)}, heap ${mib(heapBytes)}, external ${mib(externalBytes)}; left of the heap ${mib(leftBytes)}; whole RSS ${mib(peakRssBytes)}`,
    )
  }
}

/** @param {ReturnType<typeof import('./pairs.mjs').judge>} thresholds */
function printThresholds(thresholds) {
  if (thresholds.length > 0) console.log('\nWanted')
  for (const each of thresholds) {
    const [bound, value] =
      'atLeast' in each
        ? [`at least ${fixed(each.atLeast)}`, fixed(each.ratio)]
        : [`at most ${each.atMost} ms`, fixed(each.milliseconds, 1)]
    console.log(
      `  ${each.key.padEnd(KEY_WIDTH)} ${bound.padEnd(14)}: ${value}, ${each.met ? 'met' : 'not met'}`,
    )
  }
}
