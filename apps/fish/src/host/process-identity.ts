import { readFileSync, statSync } from 'node:fs'

/** A process, told apart from a later one with the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks after boot. */
  readonly startTime: string
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' }
}

/** Whether the process still lives. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime
}

/**
 * What a change of the network lasts as long as: this boot of this network namespace.
 *
 * A journal from another one describes a kernel state that is gone.
 */
export function ownSetting(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${boot} net:${statSync('/proc/self/ns/net').ino}`
}

/** Field 22 of proc_pid_stat(5); the second field may hold anything, so it is counted from its end. Zombies are dead. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
