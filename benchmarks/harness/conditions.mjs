import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { output } from './commands.mjs'
import { COMPILER } from './native-program.mjs'

const root = join(import.meta.dirname, '../..')

/**
 * What a figure depends on besides the code: printed with it and stored with it.
 *
 * @returns {Promise<Record<string, string | number>>}
 */
export async function readConditions() {
  return {
    date: new Date().toISOString(),
    kernel: release(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    governor: await readSetting('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    congestion: await readSetting('/proc/sys/net/ipv4/tcp_congestion_control'),
    node: process.version,
    compiler: `${COMPILER.join(' ')} (${await firstLine(['gcc', '--version'])})`,
    iperf3: await firstLine(['iperf3', '--version']),
    commit: await readCommit(),
  }
}

/**
 * How busy all cores are, in percent, over one second. Asked while no measurement runs, when whatever is busy
 * is not part of it.
 */
export async function readBusyPercent() {
  const before = readTimes()
  await delay(1000)
  const after = readTimes()
  const idle = (after.idle - before.idle) / (after.total - before.total)
  return Math.round((1 - idle) * 100)
}

function readTimes() {
  const times = cpus().map(({ times }) => times)
  const total = times.flatMap((each) => Object.values(each)).reduce((sum, each) => sum + each, 0)
  return { total, idle: times.reduce((sum, { idle }) => sum + idle, 0) }
}

/** @param {string} file */
async function readSetting(file) {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch {
    return 'unknown'
  }
}

async function readCommit() {
  try {
    const commit = (await output(['git', '-C', root, 'rev-parse', '--short=12', 'HEAD'])).trim()
    // Results are no part of what was measured, and this run replaces them.
    const sources = ['.', ':!benchmarks/results']
    const changes = await output([
      'git',
      '-C',
      root,
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      ...sources,
    ])
    return changes === '' ? commit : `${commit}, with uncommitted changes`
  } catch {
    return 'unknown'
  }
}

/** @param {readonly string[]} command */
async function firstLine(command) {
  return (await output(command)).split('\n')[0] ?? ''
}
