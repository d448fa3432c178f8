// How fast packets are forwarded: fish against the kernel's own NAT and against the same loop in C.
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { isEnclosed, runEnclosed } from '../harness/enclosure.mjs'
import { buildLab, readGro, removeLab } from './lab.mjs'
import { tcpBack, tcpOut } from './loads/tcp-bulk.mjs'
import { udpSinkIdle, udpSinkReads } from './loads/udp-64.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { PLACEMENT } from './placement.mjs'
import { observeProcess } from './process-observer.mjs'
import { printReport } from './report.mjs'
import { summarize } from './summary.mjs'
import { traceSystemCalls } from './trace-system-calls.mjs'

const RESULTS = join(import.meta.dirname, '../results/forward.json')
const LOADS = [tcpOut, tcpBack, udpSinkIdle, udpSinkReads]

/**
 * @typedef {import('./variants/variant.mjs').Variant} Variant
 * @typedef {import('./loads/load.mjs').Load} Load
 * @typedef {{ load: string, variant: string, round: number, rate: number, details: Record<string, number>,
 *   process?: import('./process-observer.mjs').Observation }} Sample
 * @typedef {{ load: string, variant: string, callsPerWrite: Record<string, number> }} Trace
 */

/**
 * Runs the benchmark. Returns 0 when every load ran with every variant, however fast; 1 when something failed to run;
 * 2 for wrong options.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export async function run(args) {
  let options
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${USAGE}`)
    return 2
  }
  if (!isEnclosed()) return runEnclosed()
  try {
    await measure(options)
    return 0
  } catch (error) {
    console.error(`\nforward: ${/** @type {Error} */ (error).message}`)
    return 1
  }
}

/** @param {import('./options.mjs').Options} options */
async function measure({ rounds, seconds, variants, strace }) {
  if (availableParallelism() < 2) throw new Error('two cores are needed: sender and forwarder have one each')
  await buildLab()
  const known = {
    ...(await readConditions()),
    gro: await readGro(),
    placement: PLACEMENT,
    rounds,
    seconds,
  }

  /** @type {Sample[]} */
  const samples = []
  const busyPercent = []
  for (let round = 0; round < rounds; round++) {
    busyPercent.push(await readBusyPercent())
    for (const load of LOADS) {
      for (const variant of rotate(variants, round)) {
        const sample = await measureOnce(load, variant, seconds)
        samples.push({ load: load.name, variant: variant.name, round, ...sample })
        const figure = `${(sample.rate / load.scale).toFixed(2)} ${load.unit}`
        console.log(
          `round ${round + 1}/${rounds}  ${load.name.padEnd(16)}  ${variant.name.padEnd(9)}  ${figure}`,
        )
      }
    }
  }
  const traces = strace ? await traceAll(variants) : []
  await removeLab()
  busyPercent.push(await readBusyPercent())
  const conditions = { ...known, busyPercent }

  const summary = summarize(LOADS, variants, samples)
  printReport({ conditions, loads: LOADS, variants, summary, traces })
  await mkdir(join(RESULTS, '..'), { recursive: true })
  const rules = Object.fromEntries(variants.map(({ name, title, rules }) => [name, { title, rules }]))
  const document = { benchmark: 'forward', conditions, variants: rules, ...summary, traces, samples }
  await writeFile(RESULTS, `${JSON.stringify(document, undefined, 2)}\n`)
  console.log('\nAll samples: benchmarks/results/forward.json')
}

/**
 * The order moves on by one each round, so that nobody is always first.
 *
 * @param {readonly Variant[]} variants
 * @param {number} round
 */
function rotate(variants, round) {
  const shift = round % variants.length
  return [...variants.slice(shift), ...variants.slice(0, shift)]
}

/**
 * @param {Load} load
 * @param {Variant} variant
 * @param {number} seconds
 */
async function measureOnce(load, variant, seconds) {
  await buildLab()
  const running = await variant.start()
  try {
    const observer = observeProcess(running.process)
    const { rate, details } = await load.run({ seconds, during: observer })
    const observation = observer.result()
    return { rate, details, ...(observation && { process: observation }) }
  } catch (error) {
    throw new Error(`${load.name} through ${variant.name}: ${/** @type {Error} */ (error).message}`, {
      cause: error,
    })
  } finally {
    await running.stop()
  }
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
