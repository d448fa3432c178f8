// What the connection tracking table costs: @slatfatf/conntrack against raw netlink in C, conntrack-tools and npm's netlink.
import { runBenchmark, writeResults } from '../harness/benchmark.mjs'
import { output } from '../harness/commands.mjs'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { measureRounds } from '../harness/rounds.mjs'
import { summarize } from '../harness/summary.mjs'
import { buildLab, ENTRY_COUNT, readLimits, removeLab } from './lab.mjs'
import { measureMemory } from './memory.mjs'
import { installNpmPackage } from './npm-package.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { DEFINITIONS, judge, PAIRS } from './pairs.mjs'
import { PLACEMENT } from './parts.mjs'
import { printReport } from './report.mjs'
import { npm, ours } from './variants.mjs'

/**
 * @typedef {ReturnType<typeof parseOptions>} Options
 * @typedef {import('./report.mjs').Group} Group
 * @typedef {import('../harness/rounds.mjs').Sample} Sample
 */

/**
 * Runs the benchmark, and returns its exit status.
 *
 * @param {readonly string[]} args
 */
export function run(args) {
  return runBenchmark({ name: 'conntrack', usage: USAGE }, args, { parse: parseOptions, prepare, measure })
}

/** @param {Options} options */
async function prepare({ variants, parts }) {
  if (variants.includes(npm) && parts.some((part) => part.variants.includes(npm))) await installNpmPackage()
}

/** @param {Options} options */
async function measure({ rounds, seconds, variants: chosen, parts, memory: looksAtMemory }) {
  const { tooSmall, ...limits } = await readLimits()
  const known = { ...(await readConditions()), conntrack: await readToolVersion(), ...limits }
  const { variants, missing } = await sort(
    chosen.filter((each) => parts.some((part) => part.variants.includes(each))),
  )
  if (tooSmall !== undefined && parts.some(({ name }) => name === 'dump')) missing.dump_500k = tooSmall
  const groups = parts
    .map((part) => ({
      loads: part.loads(limits),
      variants: part.variants.filter((each) => variants.includes(each)),
    }))
    .filter((group) => group.variants.length > 0)

  const { samples, busyPercent } = await measureGroups(groups, { rounds, seconds })
  const memory = []
  if (looksAtMemory && variants.includes(ours)) {
    for (const entries of [ENTRY_COUNT, limits.largeEntries]) memory.push(await measureMemory(ours, entries))
  }
  await removeLab()
  busyPercent.push(await readBusyPercent())
  const conditions = { ...known, placement: PLACEMENT, rounds, seconds, busyPercent }

  const summary = summarizeGroups(groups, samples)
  const thresholds = judge(summary)
  printReport({ conditions, groups, summary, samples, memory, thresholds, missing })
  const rules = Object.fromEntries(variants.map(({ name, title, rules }) => [name, { title, rules }]))
  const { ratios, comparisons, rates } = summary
  await writeResults('conntrack', {
    conditions,
    variants: rules,
    missing,
    definitions: DEFINITIONS,
    thresholds,
    ratios,
    memory,
    comparisons,
    rates,
    samples,
  })
}

async function readToolVersion() {
  try {
    return (await output(['conntrack', '--version'])).trim()
  } catch {
    return 'none'
  }
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

/**
 * @param {readonly Group[]} groups
 * @param {{ rounds: number, seconds: number }} times
 */
async function measureGroups(groups, times) {
  /** @type {Sample[]} */
  const samples = []
  /** @type {number[]} */
  const busyPercent = []
  for (const { loads, variants } of groups) {
    const measured = await measureRounds({ loads, variants, ...times, buildLab })
    samples.push(...measured.samples)
    busyPercent.push(...measured.busyPercent)
  }
  return { samples, busyPercent }
}

/**
 * @param {readonly Group[]} groups
 * @param {readonly Sample[]} samples
 * @returns {import('../harness/summary.mjs').Summary}
 */
function summarizeGroups(groups, samples) {
  const summaries = groups.map(({ loads, variants }) =>
    summarize(
      { loads, variants, samples },
      PAIRS.filter(({ load }) => loads.some(({ name }) => name === load)),
    ),
  )
  return {
    comparisons: summaries.flatMap(({ comparisons }) => comparisons),
    ratios: Object.assign({}, ...summaries.map(({ ratios }) => ratios)),
    rates: Object.assign({}, ...summaries.map(({ rates }) => rates)),
    processes: {},
  }
}
