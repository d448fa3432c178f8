import { fixed, printConditions, printDisturbance, printLoad, printVerdicts } from '../harness/report.mjs'
import { median } from '../harness/statistics.mjs'

const KEY_WIDTH = 26
const TITLE = 'one process for each measurement: a group, and what is counted by it'

/** @typedef {Pick<import('./parts.mjs').Part, 'loads' | 'variants'>} Group */

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
  printConditions(TITLE, conditions)
  for (const { loads, variants } of groups) {
    for (const load of loads) {
      printLoad(load, variants, summary, [load.conditions])
      for (const { name, title } of variants) {
        const of = samples.filter((each) => each.load === load.name && each.variant === name)
        const nanoseconds = median(of.map(({ details }) => details.nanoseconds ?? Number.NaN))
        console.log(`  ${title.padEnd(44)} ${fixed(nanoseconds, 0).padStart(7)}  ns each`)
      }
    }
  }
  printVerdicts(summary)
  printMemory(memory)
  for (const [name, why] of Object.entries(missing)) console.log(`\nNot measured: ${name}. ${why}`)
  printThresholds(thresholds)
  printDisturbance(conditions)
}

/** @param {readonly import('./memory.mjs').Memory[]} memory */
function printMemory(memory) {
  if (memory.length > 0) console.log('\nBytes of heap')
  for (const { variant, tasks, leftBytes, aloneBytes, countedBytes } of memory) {
    const left = `${(leftBytes / 1024).toFixed(0)} KiB left after ${tasks.toLocaleString('en')} tasks`
    console.log(
      `  ${variant.padEnd(12)} ${String(countedBytes).padStart(5)} for each in flight (${aloneBytes} without it); ${left}`,
    )
  }
}

/** @param {ReturnType<typeof import('./pairs.mjs').judge>} thresholds */
function printThresholds(thresholds) {
  if (thresholds.length > 0) console.log('\nWanted')
  for (const each of thresholds) {
    const [bound, value] =
      'ratio' in each
        ? [`at least ${fixed(each.atLeast)}`, fixed(each.ratio)]
        : [`at most ${each.atMost}`, String(each.bytes)]
    console.log(
      `  ${each.key.padEnd(KEY_WIDTH)} ${bound.padEnd(14)}: ${value}, ${each.met ? 'met' : 'not met'}`,
    )
  }
}
