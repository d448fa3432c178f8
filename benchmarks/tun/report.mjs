import { fixed, printConditions, printDisturbance, printLoad, printVerdicts } from '../harness/report.mjs'
import { TOPOLOGY } from './lab.mjs'

/**
 * @param {object} report
 * @param {import('../harness/report.mjs').Conditions} report.conditions
 * @param {readonly import('../harness/loads/load.mjs').Load[]} report.loads
 * @param {readonly import('../harness/variant.mjs').Variant[]} report.variants
 * @param {import('../harness/summary.mjs').Summary} report.summary
 * @param {ReturnType<typeof import('./pairs.mjs').judge>} report.thresholds
 * @param {Record<string, string>} report.missing
 */
export function printReport({ conditions, loads, variants, summary, thresholds, missing }) {
  printConditions(TOPOLOGY, conditions)
  for (const load of loads) {
    printLoad(load, variants, summary, [load.conditions, String(conditions.placement)])
  }
  printVerdicts(summary)
  for (const [name, why] of Object.entries(missing)) console.log(`\nNot measured: ${name}. ${why}`)
  if (thresholds.length > 0) console.log('\nWanted')
  for (const { key, ratio, atLeast, met } of thresholds) {
    console.log(
      `  ${key.padEnd(20)} at least ${fixed(atLeast).padStart(5)}: ${fixed(ratio).padStart(5)}, ${met ? 'met' : 'not met'}`,
    )
  }
  printDisturbance(conditions)
}
