// What restarts cost the clients: keep-alive POST clients without retries hammer a server while new versions come in.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { runBenchmark, writeResults } from '../harness/benchmark.mjs'
import { output } from '../harness/commands.mjs'
import { readBusyPercent, readConditions } from '../harness/conditions.mjs'
import { printConditions, printDisturbance } from '../harness/report.mjs'
import { median, spread } from '../harness/statistics.mjs'
import { prepareOpponents } from './opponents.mjs'
import { parseOptions, USAGE } from './options.mjs'

/**
 * @typedef {ReturnType<typeof parseOptions>} Options
 * @typedef {import('./variants.mjs').Variant} Variant
 * @typedef {{ answers: number, perSecond: number, failed: number, errors: Record<string, number>, openedBefore: number, sockets: number,
 *   longestGapMs: number, processes: number }} Outcome What the clients saw.
 * @typedef {Outcome & { variant: string, round: number, restartMs: number[] }} Sample
 */

const TOPOLOGY = 'clients (one process) ── loopback ── server, which is restarted while they send'
const START_MS = 15_000

/** @param {readonly string[]} args */
export function run(args) {
  return runBenchmark({ name: 'restart', usage: USAGE }, args, {
    parse: parseOptions,
    prepare: prepareOpponents,
    measure,
  })
}

/** @param {Options} options */
async function measure(options) {
  await output(['ip', 'link', 'set', 'lo', 'up'])
  const known = await readConditions()
  /** @type {Record<string, string>} */
  const missing = {}
  /** @type {Variant[]} */
  const variants = []
  for (const variant of options.variants) {
    const why = await variant.missing?.()
    if (why === undefined) variants.push(variant)
    else missing[variant.name] = why
  }

  /** @type {Sample[]} */
  const samples = []
  const busyPercent = []
  for (let round = 0; round < options.rounds; round++) {
    busyPercent.push(await readBusyPercent())
    for (let n = 0; n < variants.length; n++) {
      // Nobody is always first.
      const variant = /** @type {Variant} */ (variants[(n + round) % variants.length])
      const sample = { variant: variant.name, round, ...(await measureOnce(variant, options)) }
      samples.push(sample)
      const { failed, answers, sockets, longestGapMs } = sample
      console.log(
        `round ${round + 1}/${options.rounds}  ${variant.name.padEnd(14)} ${failed} of ${answers + failed} failed, ` +
          `${sockets} sockets, longest gap ${longestGapMs.toFixed(0)} ms`,
      )
    }
  }
  busyPercent.push(await readBusyPercent())

  const { rounds, clients, restarts, intervalMs } = options
  const conditions = { ...known, rounds, clients, restarts, intervalMs, busyPercent }
  const summary = Object.fromEntries(
    variants.map(({ name }) => [name, summarize(samples.filter((sample) => sample.variant === name))]),
  )
  const ratios = compare(summary)
  printReport({ conditions, variants, summary, ratios, missing })
  await writeResults('restart', { conditions, missing, ratios, summary, samples })
}

/**
 * @param {Variant} variant
 * @param {Options} options
 * @returns {Promise<Outcome & { restartMs: number[] }>}
 */
async function measureOnce(variant, { clients: count, restarts, intervalMs }) {
  const running = await variant.start()
  try {
    const clients = await startClients(running.port, count)
    const restartMs = []
    for (let n = 0; n < restarts; n++) {
      const began = performance.now()
      await running.restart()
      restartMs.push(performance.now() - began)
      await delay(Math.max(0, intervalMs - (performance.now() - began)))
    }
    return { ...(await clients.end()), restartMs }
  } catch (error) {
    throw new Error(`${variant.name}: ${/** @type {Error} */ (error).message}`, { cause: error })
  } finally {
    await running.stop()
  }
}

/**
 * @param {number} port
 * @param {number} count
 */
async function startClients(port, count) {
  const program = spawn(
    process.execPath,
    [join(import.meta.dirname, 'clients.mjs'), String(port), String(count)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  const tooLate = delay(START_MS, undefined, { ref: false }).then(() => {
    throw new Error('not every client got an answer')
  })
  try {
    await Promise.race([lines.next(), tooLate])
  } catch (error) {
    program.kill('SIGKILL')
    throw error
  }
  return {
    /** @returns {Promise<Outcome>} */
    async end() {
      const exited = once(program, 'exit')
      program.stdin.end()
      const { value } = await lines.next()
      await exited
      return JSON.parse(value)
    },
  }
}

/** @param {readonly Sample[]} samples */
function summarize(samples) {
  const of = (
    /** @type {'failed' | 'answers' | 'perSecond' | 'sockets' | 'longestGapMs' | 'processes'} */ key,
  ) => spread(samples.map((sample) => sample[key]))
  /** @type {Record<string, number>} */
  const errors = {}
  for (const [code, count] of samples.flatMap((sample) => Object.entries(sample.errors))) {
    errors[code] = (errors[code] ?? 0) + count
  }
  return {
    failed: of('failed'),
    errors,
    answers: of('answers'),
    perSecond: of('perSecond'),
    sockets: of('sockets'),
    longestGapMs: of('longestGapMs'),
    processes: of('processes'),
    restartMs: median(samples.flatMap(({ restartMs }) => restartMs)),
  }
}

/** @typedef {Record<string, ReturnType<typeof summarize>>} Summary */

/**
 * Of what can be divided: how long clients waited at the longest, and how many connections they needed. Failures are counts.
 *
 * @param {Summary} summary
 */
function compare(summary) {
  /** @type {Record<string, number>} */
  const ratios = {}
  for (const ours of ['handover', 'drain']) {
    for (const [name, other] of Object.entries(summary)) {
      const mine = summary[ours]
      if (mine === undefined || name === ours || name === 'drain' || name === 'handover') continue
      const key = `${ours}_vs_${name.replaceAll('-', '_')}`
      ratios[`${key}_longest_gap`] = round(mine.longestGapMs.median / other.longestGapMs.median)
      ratios[`${key}_sockets`] = round(mine.sockets.median / other.sockets.median)
      ratios[`${key}_answers_per_second`] = round(mine.perSecond.median / other.perSecond.median)
    }
  }
  return ratios
}

/** @param {number} value */
const round = (value) => Number(value.toFixed(3))

/**
 * @param {{ conditions: import('../harness/report.mjs').Conditions, variants: readonly Variant[], summary: Summary,
 *   ratios: Record<string, number>, missing: Record<string, string> }} report
 */
function printReport({ conditions, variants, summary, ratios, missing }) {
  printConditions(TOPOLOGY, conditions)
  console.log(`\n${'medians of the rounds'.padEnd(46)} failed  answers/s  sockets  longest gap  restart`)
  for (const { name, title } of variants) {
    const { failed, perSecond, sockets, longestGapMs, restartMs } = /** @type {Summary[string]} */ (
      summary[name]
    )
    const figures = [
      String(failed.median).padStart(6),
      perSecond.median.toFixed(0).padStart(10),
      String(sockets.median).padStart(8),
      `${longestGapMs.median.toFixed(0)} ms`.padStart(12),
      `${restartMs.toFixed(0)} ms`.padStart(8),
    ]
    console.log(`  ${title.padEnd(44)} ${figures.join(' ')}`)
  }
  for (const { name, title } of variants) {
    const errors = Object.entries(/** @type {Summary[string]} */ (summary[name]).errors)
    if (errors.length > 0) console.log(`  ${title}: ${errors.map(([code, n]) => `${n} ${code}`).join(', ')}`)
  }
  for (const [name, why] of Object.entries(missing)) console.log(`  not measured: ${name}: ${why}`)
  console.log('\nRatios')
  for (const [name, ratio] of Object.entries(ratios)) console.log(`  ${name.padEnd(44)} ${ratio}`)
  printDisturbance(conditions)
}
