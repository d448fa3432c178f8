// What counting work costs: @slatfatf/waitgroup against Promise.allSettled, p-queue and @jpwilliams/waitgroup.
import { runBenchmark, writeResults } from '../harness/benchmark.mjs'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { measureRounds } from '../harness/rounds.mjs'
import { summarize } from '../harness/summary.mjs'
import { measureMemory } from './memory.mjs'
import { installNpmPackages } from './npm-package.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { DEFINITIONS, judge, PAIRS } from './pairs.mjs'
import { PLACEMENT } from './parts.mjs'
import { printReport } from './report.mjs'
import { jpwilliams, ours, pQueue } from './variants.mjs'

/** @typedef {ReturnType<typeof parseOptions>} Options */

/**
 * Runs the benchmark, and returns its exit status.
 *
 * @param {readonly string[]} args
 */
export function run(args) {
  return runBenchmark({ name: 'waitgroup', usage: USAGE }, args, { parse: parseOptions, prepare, measure })
}

/** @param {Options} options */
async function prepare({ variants }) {
  if (variants.includes(pQueue) || variants.includes(jpwilliams)) await installNpmPackages()
}

/** @param {Options} options */
async function measure({ rounds, seconds, variants: chosen, parts, memoryTasks }) {
  const known = await readConditions()
  const wanted = chosen.filter((each) => parts.some((part) => part.variants.includes(each)))
  const { variants, missing } = await sort(wanted)
  const groups = parts
    .map(({ loads, variants: able }) => ({
      loads,
      variants: able.filter((each) => variants.includes(each)),
    }))
    .filter((group) => group.variants.length > 0)

  const samples = []
  const busyPercent = []
  for (const { loads, variants } of groups) {
    const measured = await measureRounds({ loads, variants, rounds, seconds, buildLab: async () => {} })
    samples.push(...measured.samples)
    busyPercent.push(...measured.busyPercent)
  }
  const memory = []
  if (memoryTasks > 0) for (const variant of variants) memory.push(await measureMemory(variant, memoryTasks))
  busyPercent.push(await readBusyPercent())

  const conditions = { ...known, placement: PLACEMENT, rounds, seconds, busyPercent }
  const summary = summarizeGroups(groups, samples)
  const thresholds = judge(summary, memory)
  printReport({ conditions, groups, summary, samples, memory, thresholds, missing })
  const rules = Object.fromEntries(variants.map(({ name, title, rules }) => [name, { title, rules }]))
  const { ratios, comparisons, rates } = summary
  await writeResults('waitgroup', {
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

/**
 * Those that can run here, and why the others cannot.
 *
 * @param {Options['variants']} wanted
 */
async function sort(wanted) {
  const variants = []
  /** @type {Record<string, string>} */
  const missing = {}
  for (const variant of wanted) {
    const why = await variant.missing?.()
    if (why === undefined) variants.push(variant)
    else missing[variant.name] = why
  }
  if (!variants.includes(ours)) throw new Error('nothing to compare: ours is not among the variants')
  return { variants, missing }
}

/**
 * @param {readonly import('./report.mjs').Group[]} groups
 * @param {readonly import('../harness/rounds.mjs').Sample[]} samples
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
