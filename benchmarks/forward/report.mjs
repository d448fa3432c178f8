import { printConditions, printDisturbance, printLoad, printVerdicts } from '../harness/report.mjs'
import { TOPOLOGY } from './lab.mjs'

/**
 * @param {object} report
 * @param {import('../harness/report.mjs').Conditions} report.conditions
 * @param {readonly import('../harness/loads/load.mjs').Load[]} report.loads
 * @param {readonly import('../harness/variant.mjs').Variant[]} report.variants
 * @param {import('../harness/summary.mjs').Summary} report.summary
 * @param {readonly import('./forward.mjs').Trace[]} report.traces
 */
export function printReport({ conditions, loads, variants, summary, traces }) {
  const { gro, placement } = conditions
  printConditions(TOPOLOGY, conditions)
  for (const load of loads) {
    printLoad(load, variants, summary, [`${load.conditions}, GRO ${gro}`, String(placement)])
  }
  printTraces(traces)
  printVerdicts(summary)
  printDisturbance(conditions)
}

/** @param {readonly import('./forward.mjs').Trace[]} traces */
function printTraces(traces) {
  if (traces.length === 0) return
  console.log(
    '\nSystem calls for each write, that is for each packet that went on (strace, after the rounds)',
  )
  for (const { load, variant, callsPerWrite } of traces) {
    const calls = Object.entries(callsPerWrite).map(([name, count]) => `${name} ${count.toFixed(3)}`)
    console.log(`  ${load.padEnd(6)} ${variant.padEnd(10)} ${calls.join('  ')}`)
  }
}
