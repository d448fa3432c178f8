import { EQUAL, verdict } from '../harness/statistics.mjs'
import { TOPOLOGY } from './lab.mjs'

/** A machine that is busier than this before, between or after the rounds has disturbed them. */
const QUIET_PERCENT = 10

/**
 * @param {object} report
 * @param {Record<string, string | number | number[]> & { busyPercent: number[] }} report.conditions
 * @param {readonly import('./loads/load.mjs').Load[]} report.loads
 * @param {readonly import('./variants/variant.mjs').Variant[]} report.variants
 * @param {import('./summary.mjs').Summary} report.summary
 * @param {readonly import('./forward.mjs').Trace[]} report.traces
 */
export function printReport({ conditions, loads, variants, summary, traces }) {
  console.log(`\n${TOPOLOGY}`)
  for (const [name, value] of Object.entries(conditions))
    console.log(`${name.padEnd(11)} ${Array.isArray(value) ? value.join(' ') : value}`)
  for (const load of loads) printLoad(load, variants, summary, conditions)
  printTraces(traces)
  printVerdicts(summary)
  const busy = Math.max(...conditions.busyPercent)
  if (busy > QUIET_PERCENT) {
    console.log(`\nThese figures are not to be quoted: other programs kept the machine ${busy} % busy.`)
  }
}

/**
 * @param {import('./loads/load.mjs').Load} load
 * @param {readonly import('./variants/variant.mjs').Variant[]} variants
 * @param {import('./summary.mjs').Summary} summary
 * @param {Record<string, string | number | number[]>} conditions
 */
function printLoad(load, variants, { rates, processes, comparisons }, { gro, placement }) {
  console.log(`\n${load.title}, ${load.unit}`)
  console.log(`  ${load.conditions}, GRO ${gro}`)
  console.log(`  ${placement}`)
  for (const { name, title } of variants) {
    const rate = rates[load.name]?.[name]
    if (rate === undefined) continue
    const scaled = (/** @type {number} */ value) => (value / load.scale).toFixed(load.digits)
    const range = `(${scaled(rate.min)}–${scaled(rate.max)})`
    console.log(`  ${title.padEnd(44)} ${scaled(rate.median).padStart(7)}  ${range}`)
    const { readsPerPacket, writesPerPacket, bytesPerPacket, cpu } = processes[load.name]?.[name] ?? {}
    if (readsPerPacket === undefined) continue
    console.log(
      `      per packet of ${fixed(bytesPerPacket, 0)} bytes: ${fixed(readsPerPacket)} reads, ` +
        `${fixed(writesPerPacket)} writes; busy ${fixed((cpu ?? 0) * 100, 0)} % of its core`,
    )
  }
  for (const { load: name, subject, opponent, ratio } of comparisons) {
    if (name !== load.name) continue
    const range = `(${fixed(ratio.min)}–${fixed(ratio.max)})`
    console.log(`  ${`${subject} / ${opponent}`.padEnd(44)} ${fixed(ratio.median).padStart(7)}  ${range}`)
  }
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

/** @param {import('./summary.mjs').Summary} summary */
function printVerdicts({ comparisons }) {
  const judged = comparisons.map((each) => ({ ...each, verdict: verdict(each.ratio.median) }))
  for (const [title, wanted] of /** @type {const} */ ([
    ['Not better: slower', 'slower'],
    [`Not better: equal within the noise, ${EQUAL.from} to ${EQUAL.to}`, 'equal'],
    ['Better', 'faster'],
  ])) {
    const those = judged.filter((each) => each.verdict === wanted)
    if (those.length === 0) continue
    console.log(`\n${title}`)
    for (const { load, subject, opponent, ratio } of those) {
      console.log(`  ${load.padEnd(16)} ${subject} is at ${fixed(ratio.median)} of ${opponent}`)
    }
  }
}

/**
 * @param {number | undefined} value
 * @param {number} [digits]
 */
function fixed(value, digits = 2) {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits)
}
