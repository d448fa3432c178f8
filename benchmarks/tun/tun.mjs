// How fast a program forwards between two TUN devices: @slatfatf/tun against the same loop in C, and against what else there is.
import { runBenchmark, writeResults } from '../harness/benchmark.mjs'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { PLACEMENT } from '../harness/placement.mjs'
import { measureRounds } from '../harness/rounds.mjs'
import { summarize } from '../harness/summary.mjs'
import { buildLab, removeLab } from './lab.mjs'
import { LOADS } from './loads.mjs'
import { installNpmPackage } from './npm-package.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { DEFINITIONS, judge, PAIRS } from './pairs.mjs'
import { printReport } from './report.mjs'
import { npm } from './variants/npm.mjs'

/** @typedef {ReturnType<typeof parseOptions>} Options */

/**
 * Runs the benchmark, and returns its exit status.
 *
 * @param {readonly string[]} args
 */
export function run(args) {
  return runBenchmark({ name: 'tun', usage: USAGE }, args, { parse: parseOptions, prepare, measure })
}

/** @param {Options} options */
async function prepare({ variants }) {
  if (variants.includes(npm)) await installNpmPackage()
}

/** @param {Options} options */
async function measure({ rounds, seconds, variants: chosen }) {
  const known = { ...(await readConditions()), placement: PLACEMENT, rounds, seconds }
  const { variants, missing } = await sort(chosen)
  const { samples, busyPercent } = await measureRounds({ loads: LOADS, variants, rounds, seconds, buildLab })
  await removeLab()
  busyPercent.push(await readBusyPercent())
  const conditions = { ...known, busyPercent }

  const summary = summarize({ loads: LOADS, variants, samples }, PAIRS)
  const thresholds = judge(summary.ratios)
  printReport({ conditions, loads: LOADS, variants, summary, thresholds, missing })
  const rules = Object.fromEntries(variants.map(({ name, title, rules }) => [name, { title, rules }]))
  const definitions = DEFINITIONS
  await writeResults('tun', {
    conditions,
    variants: rules,
    missing,
    definitions,
    thresholds,
    ...summary,
    samples,
  })
}

/**
 * Those that can run here, and why the others cannot.
 *
 * @param {Options['variants']} chosen
 */
async function sort(chosen) {
  const variants = []
  /** @type {Record<string, string>} */
  const missing = {}
  for (const variant of chosen) {
    const why = await variant.missing?.()
    if (why === undefined) variants.push(variant)
    else missing[variant.name] = why
  }
  if (variants.length === 0) throw new Error(`nothing to measure: ${Object.values(missing).join('; ')}`)
  return { variants, missing }
}
