import { readFileSync } from 'node:fs'

/** Of USER_HZ, in which the kernel tells times to users: 100 on x86-64 and arm64. */
const TICK_MS = 10

export interface RunningProcess {
  /** Since the system was booted; undefined if /proc does not tell. A pid that is used again has another one. */
  startMs: number | undefined
}

/** Undefined if there is no such process, or it has ended and only waits for its parent to see it. */
export function findProcess(pid: number): RunningProcess | undefined {
  const fields = readStat(pid)
  if (fields === undefined) return isThere(pid) ? { startMs: undefined } : undefined
  // Fields 3 and 22 of proc_pid_stat(5), behind the name, which may contain anything.
  const state = fields[0]!
  if (state === 'Z' || state === 'X') return undefined
  return { startMs: Number(fields[19]) * TICK_MS }
}

/** Undefined if there is no such process. */
export function parentOf(pid: number): number | undefined {
  const fields = readStat(pid)
  return fields === undefined ? undefined : Number(fields[1])
}

function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
