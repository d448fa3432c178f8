// How fast packets are forwarded: fish against the kernel's own NAT and against the same loop in C.
import { runBenchmark, writeResults } from '../harness/benchmark.mjs'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { PLACEMENT } from '../harness/placement.mjs'
import { measureRounds } from '../harness/rounds.mjs'
import { summarize } from '../harness/summary.mjs'
import { buildLab, readGro, removeLab } from './lab.mjs'
import { LOADS, tcpOut, udpSinkIdle } from './loads.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { DEFINITIONS, pairsOf } from './pairs.mjs'
import { printReport } from './report.mjs'
import { traceSystemCalls } from './trace-system-calls.mjs'

/**
 * @typedef {import('../harness/variant.mjs').Variant} Variant
 * @typedef {import('../harness/loads/load.mjs').Load} Load
 * @typedef {{ load: string, variant: string, callsPerWrite: Record<string, number> }} Trace
 */

/**
 * Runs the benchmark, and returns its exit status.
 *
 * @param {readonly string[]} args
 */
export function run(args) {
  return runBenchmark({ name: 'forward', usage: USAGE }, args, { parse: parseOptions, measure })
}

/** @param {import('./options.mjs').Options} options */
async function measure({ rounds, seconds, variants, strace }) {
  await buildLab()
  const known = {
    ...(await readConditions()),
    gro: await readGro(),
    placement: PLACEMENT,
    rounds,
    seconds,
  }
  const { samples, busyPercent } = await measureRounds({
    loads: LOADS,
    variants,
    rounds,
    seconds,
    buildLab,
  })
  const traces = strace ? await traceAll(variants) : []
  await removeLab()
  busyPercent.push(await readBusyPercent())
  const conditions = { ...known, busyPercent }

  const summary = summarize({ loads: LOADS, variants, samples }, pairsOf(LOADS))
  printReport({ conditions, loads: LOADS, variants, summary, traces })
  const rules = Object.fromEntries(variants.map(({ name, title, rules }) => [name, { title, rules }]))
  const definitions = DEFINITIONS
  await writeResults('forward', { conditions, variants: rules, definitions, ...summary, traces, samples })
}

/**
 * @param {readonly Variant[]} variants
 * @returns {Promise<Trace[]>}
 */
async function traceAll(variants) {
  /** @type {Trace[]} */
  const traces = []
  for (const load of [tcpOut, udpSinkIdle]) {
    for (const variant of variants) {
      try {
        const callsPerWrite = await traceOnce(load, variant)
        if (callsPerWrite) traces.push({ load: load.name, variant: variant.name, callsPerWrite })
      } catch (error) {
        // Where strace is not installed or may not trace, the counters of /proc still tell reads and writes.
        const [why] = /** @type {Error} */ (error).message.split('\n')
        console.log(`no trace of ${variant.name} under ${load.name}: ${why}`)
      }
    }
  }
  return traces
}

/**
 * @param {Load} load
 * @param {Variant} variant
 */
async function traceOnce(load, variant) {
  await buildLab()
  const running = await variant.start()
  const { process: forwarder } = running
  /** @type {Record<string, number> | undefined} */
  let callsPerWrite
  const begin = async () => {
    if (forwarder) callsPerWrite = await traceSystemCalls(forwarder.pid)
  }
  try {
    if (forwarder) await load.run({ seconds: 3, during: { begin, end: async () => {} } })
  } finally {
    await running.stop()
  }
  return callsPerWrite
}
