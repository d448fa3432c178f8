import { EQUAL, verdict } from './statistics.mjs'

/** A machine that is busier than this before, between or after the rounds has disturbed them. */
const QUIET_PERCENT = 10

/** @typedef {Record<string, string | number | number[]> & { busyPercent: number[] }} Conditions */

/**
 * The topology and what the figures depend on.
 *
 * @param {string} topology
 * @param {Conditions} conditions
 */
export function printConditions(topology, conditions) {
  console.log(`\n${topology}`)
  for (const [name, value] of Object.entries(conditions))
    console.log(`${name.padEnd(11)} ${Array.isArray(value) ? value.join(' ') : value}`)
}

/**
 * The rates of one load, what the forwarders did for each packet, and the ratios.
 *
 * @param {import('./loads/load.mjs').Load} load
 * @param {readonly import('./variant.mjs').Variant[]} variants
 * @param {import('./summary.mjs').Summary} summary
 * @param {readonly string[]} notes What else the rates depend on.
 */
export function printLoad(load, variants, { rates, processes, comparisons }, notes) {
  console.log(`\n${load.title}, ${load.unit}`)
  for (const note of notes) console.log(`  ${note}`)
  for (const { name, title } of variants) {
    const rate = rates[load.name]?.[name]
    if (rate === undefined) continue
    const scaled = (/** @type {number} */ value) => (value / load.scale).toFixed(load.digits)
    const range = `(${scaled(rate.min)}–${scaled(rate.max)})`
    console.log(`  ${title.padEnd(44)} ${scaled(rate.median).padStart(7)}  ${range}`)
    const did = processes[load.name]?.[name]
    if (did?.readsPerPacket === undefined) continue
    console.log(
      `      per packet of ${fixed(did.bytesPerPacket, 0)} bytes: ${fixed(did.readsPerPacket)} reads, ` +
        `${fixed(did.writesPerPacket)} writes, ${fixed(did.cpuMicrosPerPacket)} µs; ` +
        `busy ${fixed((did.cpu ?? 0) * 100, 0)} % of its core`,
    )
  }
  for (const { load: name, subject, opponent, ratio } of comparisons) {
    if (name !== load.name) continue
    const range = `(${fixed(ratio.min)}–${fixed(ratio.max)})`
    console.log(`  ${`${subject} / ${opponent}`.padEnd(44)} ${fixed(ratio.median).padStart(7)}  ${range}`)
  }
}

/**
 * Every ratio under what it means.
 *
 * @param {import('./summary.mjs').Summary} summary
 */
export function printVerdicts({ comparisons }) {
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
 * Says so if the machine was not quiet enough for figures that others may quote.
 *
 * @param {Conditions} conditions
 */
export function printDisturbance({ busyPercent }) {
  const busy = Math.max(...busyPercent)
  if (busy > QUIET_PERCENT) {
    console.log(`\nThese figures are not to be quoted: other programs kept the machine ${busy} % busy.`)
  }
}

/**
 * @param {number | undefined} value
 * @param {number} [digits]
 */
export function fixed(value, digits = 2) {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits)
}
