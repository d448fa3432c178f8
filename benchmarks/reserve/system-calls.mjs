import { mkdtemp, readFile } from 'node:fs/promises'
import { output } from '../harness/commands.mjs'
import { inside } from '../harness/namespaces.mjs'
import { sideOnStage } from '../harness/stage.mjs'
import { buildLab, LAB } from './lab.mjs'
import { argumentsOf } from './scenarios.mjs'

const TRACED_MS = 1000
/** What a program does now and then, its start included, is not part of a reservation. */
const RARE = 0.1

/**
 * Counts the system calls of a side, all threads, for each reservation. The tracer slows it down many times, so that is
 * no time to measure anything else.
 *
 * @param {import('../harness/variant.mjs').Variant} variant
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @returns {Promise<Record<string, number>>}
 */
export async function countSystemCalls(variant, scenario) {
  await buildLab()
  const running = await variant.start()
  try {
    const file = `${await mkdtemp('/run/strace-')}/summary`
    const traced = sideOnStage()(argumentsOf(scenario, { milliseconds: TRACED_MS }))
    const tracer = ['strace', '--follow-forks', '--summary-only', '--output', file]
    await output(inside(LAB.host, [...tracer, ...traced]), { timeoutMs: 60_000 })
    return callsPerReservation(await readFile(file, 'utf8'))
  } finally {
    await running.stop()
  }
}

/** @param {string} summary */
function callsPerReservation(summary) {
  /** @type {[string, number][]} */
  const calls = []
  for (const line of summary.split('\n')) {
    // "% time, seconds, usecs/call, calls, [errors], syscall"
    const columns = line.trim().split(/\s+/)
    const name = columns.at(-1)
    if (/^[\d.]+$/.test(columns[0] ?? '') && name && name !== 'total') calls.push([name, Number(columns[3])])
  }
  // Each reservation, of any kind, binds once.
  const reservations = calls.find(([name]) => name === 'bind')?.[1] ?? 0
  if (reservations === 0) throw new Error(`strace saw no bind(2):\n${summary}`)
  const each = calls.map(([name, count]) => /** @type {const} */ ([name, count / reservations]))
  return Object.fromEntries(
    each.filter(([, count]) => count >= RARE).map(([name, count]) => [name, Number(count.toFixed(2))]),
  )
}
