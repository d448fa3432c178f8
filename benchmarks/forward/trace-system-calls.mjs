import { mkdtemp, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { startProgram } from '../harness/commands.mjs'

const TRACED_MS = 1000

/**
 * Counts every system call of a process, all threads, for a second. The tracer slows the process down many times, so
 * that is no time to measure anything else; how often it calls what, for each packet, stays what it is.
 *
 * @param {number} pid
 * @returns {Promise<Record<string, number>>} Calls for each write(2), that is for each packet that went on.
 */
export async function traceSystemCalls(pid) {
  const file = `${await mkdtemp('/run/strace-')}/summary`
  const tracer = await startProgram(
    ['strace', '--follow-forks', '--summary-only', '--output', file, '--attach', String(pid)],
    { ready: 'attached' },
  )
  await delay(TRACED_MS)
  await tracer.stop()
  return callsPerWrite(await readFile(file, 'utf8'))
}

/** @param {string} summary */
function callsPerWrite(summary) {
  /** @type {Map<string, number>} */
  const calls = new Map()
  for (const line of summary.split('\n')) {
    // "% time, seconds, usecs/call, calls, [errors], syscall"
    const columns = line.trim().split(/\s+/)
    const name = columns.at(-1)
    if (/^[\d.]+$/.test(columns[0] ?? '') && name && name !== 'total') calls.set(name, Number(columns[3]))
  }
  const writes = calls.get('write') ?? 0
  if (writes === 0) throw new Error(`strace saw no write(2):\n${summary}`)
  const rare = 0.001
  const perWrite = [...calls].map(([name, count]) => /** @type {const} */ ([name, count / writes]))
  return Object.fromEntries(perWrite.filter(([, each]) => each >= rare).sort((a, b) => b[1] - a[1]))
}
