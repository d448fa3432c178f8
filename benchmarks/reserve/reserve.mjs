// What a reservation costs: @slatfatf/tfo-socket against the same system calls in C and in Python; and what Fast Open saves.
import { runBenchmark, writeResults } from '../harness/benchmark.mjs'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { measureRounds } from '../harness/rounds.mjs'
import { summarize } from '../harness/summary.mjs'
import { measureMemory } from './memory.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { compareAcross, compareRoundTrips, DEFINITIONS, judge, PAIRS } from './pairs.mjs'
import { printReport } from './report.mjs'
import { PLACEMENT, releaseOf, withReleases } from './scenario-load.mjs'
import { HOLDING, HOLDING_WATCHED, TRACED } from './scenarios.mjs'
import { countSystemCalls } from './system-calls.mjs'
import { c, functions, python, slice } from './variants.mjs'

/**
 * @typedef {import('./options.mjs').Options} Options
 * @typedef {import('./parts.mjs').Part} Part
 * @typedef {import('../harness/variant.mjs').Variant} Variant
 * @typedef {import('../harness/rounds.mjs').Sample} Sample
 */

/** Whose system calls are counted and whose memory is looked at. */
const SIDES = [functions, slice, c, python]

/**
 * Runs the benchmark, and returns its exit status.
 *
 * @param {readonly string[]} args
 */
export function run(args) {
  return runBenchmark({ name: 'reserve', usage: USAGE }, args, { parse: parseOptions, measure })
}

/** @param {Options} options */
async function measure({ rounds, seconds, variants: chosen, parts: wanted, strace }) {
  const known = { ...(await readConditions()), placement: PLACEMENT, rounds, seconds }
  const { parts, variants, missing } = await sort(wanted, chosen)
  const { samples, busyPercent } = await measureParts(parts, { rounds, seconds })
  const sides = variants.filter((each) => SIDES.includes(each))
  // A slice object makes the calls of the functions.
  const systemCalls = strace ? await traceAll(sides.filter((each) => each !== slice)) : {}
  const memory = await measureAllMemory(sides)
  for (const { removeLab } of parts) await removeLab()
  busyPercent.push(await readBusyPercent())
  const conditions = { ...known, busyPercent }

  const summary = summarizeParts(parts, samples)
  const thresholds = judge(summary.ratios)
  printReport({ conditions, parts, summary, memory, systemCalls, thresholds, missing })
  const rules = Object.fromEntries(variants.map(({ name, title, rules }) => [name, { title, rules }]))
  const { ratios, comparisons, rates } = summary
  await writeResults('reserve', {
    conditions,
    variants: rules,
    missing,
    definitions: DEFINITIONS,
    thresholds,
    ratios,
    memory,
    systemCalls,
    comparisons,
    rates,
    samples,
  })
}

/**
 * The parts with what can run here of what was chosen, and why the rest cannot.
 *
 * @param {readonly Part[]} wanted
 * @param {readonly Variant[]} chosen
 */
async function sort(wanted, chosen) {
  /** @type {Record<string, string>} */
  const missing = {}
  /** @type {Variant[]} */
  const variants = []
  const measured = chosen.filter((each) => wanted.some((part) => part.variants.includes(each)))
  for (const variant of measured) {
    const why = await variant.missing?.()
    if (why === undefined) variants.push(variant)
    else missing[variant.name] = why
  }
  const parts = wanted
    .map((part) => ({ ...part, variants: part.variants.filter((each) => variants.includes(each)) }))
    .filter((part) => part.variants.length > 0)
  if (parts.length === 0) throw new Error(`nothing to measure: ${Object.values(missing).join('; ')}`)
  return { parts, variants, missing }
}

/**
 * @param {readonly Part[]} parts
 * @param {{ rounds: number, seconds: number }} times
 */
async function measureParts(parts, { rounds, seconds }) {
  /** @type {Sample[]} */
  const samples = []
  /** @type {number[]} */
  const busyPercent = []
  for (const { loads, variants, buildLab } of parts) {
    const measured = await measureRounds({ loads, variants, rounds, seconds, buildLab })
    samples.push(...measured.samples)
    busyPercent.push(...measured.busyPercent)
  }
  requireFastOpen(samples)
  return { samples, busyPercent }
}

/**
 * A request that waited for the handshake would only make Fast Open look slow.
 *
 * @param {readonly Sample[]} samples
 */
function requireFastOpen(samples) {
  for (const { variant, details } of samples) {
    const { requests, dataInSyn } = details
    if (requests === undefined || dataInSyn === undefined || variant === 'plain') continue
    if (dataInSyn < requests)
      throw new Error(`${variant}: of ${requests} requests only ${dataInSyn} went with the SYN`)
  }
}

/**
 * @param {readonly Part[]} parts
 * @param {readonly Sample[]} samples
 */
function summarizeParts(parts, samples) {
  const all = withReleases(samples)
  const summaries = parts.map(({ scenarios, loads, variants }) => {
    const releases = scenarios.filter(({ refused }) => !refused).map((each) => ({ name: releaseOf(each) }))
    const names = [...loads, ...releases]
    const pairs = PAIRS.filter(({ load }) => names.some(({ name }) => name === load))
    return summarize({ loads: /** @type {any} */ (names), variants, samples: all }, pairs)
  })
  const others = [...compareAcross(samples), ...compareRoundTrips(samples)]
  const comparisons = [...others, ...summaries.flatMap((each) => each.comparisons)]
  return {
    comparisons,
    ratios: Object.fromEntries(comparisons.map(({ key, ratio }) => [key, Number(ratio.median.toFixed(3))])),
    rates: Object.assign({}, ...summaries.map(({ rates }) => rates)),
    processes: {},
  }
}

/** @param {readonly Variant[]} variants */
async function traceAll(variants) {
  /** @type {Record<string, Record<string, Record<string, number>>>} */
  const systemCalls = {}
  for (const scenario of TRACED) {
    for (const variant of variants) {
      try {
        const calls = await countSystemCalls(variant, scenario)
        systemCalls[scenario.name] = { ...systemCalls[scenario.name], [variant.name]: calls }
      } catch (error) {
        const [why] = /** @type {Error} */ (error).message.split('\n')
        console.log(`no trace of ${variant.name} in ${scenario.name}: ${why}`)
      }
    }
  }
  return systemCalls
}

/** @param {readonly Variant[]} variants */
async function measureAllMemory(variants) {
  const memory = []
  for (const variant of variants) memory.push(await measureMemory(variant, HOLDING))
  // What watches is the reservation, whoever made it.
  for (const variant of variants.filter((each) => each !== slice)) {
    memory.push(await measureMemory(variant, HOLDING_WATCHED))
  }
  return memory
}
