import { fixed, printConditions, printDisturbance } from '../harness/report.mjs'
import { firstByte } from './fast-open/first-byte.mjs'
import { TOPOLOGY as PATH_TOPOLOGY } from './fast-open/path.mjs'
import { TOPOLOGY } from './lab.mjs'
import { releaseOf } from './scenario-load.mjs'

const TITLE_WIDTH = 40
const COLUMN_WIDTH = 14

/** @typedef {Record<string, Record<string, Record<string, number>>>} SystemCalls Of scenarios, variants, calls. */

/**
 * @param {object} report
 * @param {import('../harness/report.mjs').Conditions} report.conditions
 * @param {readonly import('./parts.mjs').Part[]} report.parts
 * @param {import('../harness/summary.mjs').Summary} report.summary
 * @param {readonly import('./memory.mjs').Memory[]} report.memory
 * @param {SystemCalls} report.systemCalls
 * @param {ReturnType<typeof import('./pairs.mjs').judge>} report.thresholds
 * @param {Record<string, string>} report.missing
 */
export function printReport(report) {
  printConditions(TOPOLOGY, report.conditions)
  console.log(`path        ${PATH_TOPOLOGY}`)
  for (const part of report.parts) printPart(part, report.summary)
  printRatios(report.summary)
  printSystemCalls(report.systemCalls)
  printMemory(report.memory)
  for (const [name, why] of Object.entries(report.missing)) console.log(`\nNot measured: ${name}. ${why}`)
  if (report.thresholds.length > 0) console.log('\nWanted')
  for (const { key, ratio, atLeast, met } of report.thresholds) {
    console.log(
      `  ${key.padEnd(TITLE_WIDTH)} at least ${fixed(atLeast)}: ${fixed(ratio)}, ${met ? 'met' : 'not met'}`,
    )
  }
  printDisturbance(report.conditions)
}

/**
 * A line for each scenario, with µs to reserve and to release; for Fast Open ms to the first byte.
 *
 * @param {import('./parts.mjs').Part} part
 * @param {import('../harness/summary.mjs').Summary} summary
 */
function printPart({ scenarios, loads, variants }, { rates }) {
  const cells = (/** @type {readonly string[]} */ words) =>
    words.map((word) => word.padStart(COLUMN_WIDTH)).join('  ')
  const timeOf = (
    /** @type {string} */ load,
    /** @type {string} */ variant,
    /** @type {number} */ perSecond,
  ) => {
    const rate = rates[load]?.[variant]
    return rate && fixed(perSecond / rate.median, 1)
  }
  const title = scenarios.length > 0 ? 'µs to reserve + to release' : `ms, ${firstByte.title}`
  const heads = variants.map(({ name }) => name)
  console.log(`\n${title.padEnd(TITLE_WIDTH + 2)}${cells(heads)}`)
  for (const scenario of scenarios) {
    const times = heads.map((name) => {
      const both = [scenario.name, releaseOf(scenario)].map((load) => timeOf(load, name, 1e6))
      return both.filter((each) => each !== undefined).join(' + ') || '–'
    })
    console.log(`  ${scenario.title.padEnd(TITLE_WIDTH)}${cells(times)}`)
  }
  if (scenarios.length > 0) return
  for (const { name, conditions } of loads) {
    const times = heads.map((head) => timeOf(name, head, 1e3) ?? '–')
    console.log(`  ${conditions.slice(0, TITLE_WIDTH - 2).padEnd(TITLE_WIDTH)}${cells(times)}`)
  }
}

/** @param {import('../harness/summary.mjs').Summary} summary */
function printRatios({ comparisons }) {
  console.log('\nRatios of rates, median (least–most) over the rounds')
  for (const { key, ratio } of comparisons) {
    console.log(
      `  ${key.padEnd(TITLE_WIDTH)} ${fixed(ratio.median).padStart(6)}  (${fixed(ratio.min)}–${fixed(ratio.max)})`,
    )
  }
}

/** @param {SystemCalls} systemCalls */
function printSystemCalls(systemCalls) {
  if (Object.keys(systemCalls).length === 0) return
  console.log('\nSystem calls for each reservation, its release included (strace, after the rounds)')
  for (const [scenario, variants] of Object.entries(systemCalls)) {
    for (const [variant, calls] of Object.entries(variants)) {
      const counts = Object.entries(calls).map(([call, count]) => `${call} ${count}`)
      console.log(`  ${scenario.padEnd(16)} ${variant.padEnd(10)} ${counts.sort().join('  ')}`)
    }
  }
}

/** @param {readonly import('./memory.mjs').Memory[]} memory */
function printMemory(memory) {
  if (memory.length === 0) return
  console.log('\nBytes for each of 10,000 tuples held')
  for (const { variant, scenario, kernelBytes, slabBytes, userBytes, objects } of memory) {
    const kernel = kernelBytes ?? 'unknown (no /proc/slabinfo)'
    console.log(
      `  ${variant.padEnd(10)} ${scenario.padEnd(12)} kernel ${kernel} (all of Slab ${slabBytes})  user ${fixed(userBytes, 0)}   ${Object.keys(objects).join(' ')}`,
    )
  }
}
