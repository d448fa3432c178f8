import { readFileSync } from 'node:fs'

/** Descriptors kept for everything that is no reservation: the device, sockets, files, and what Node itself needs. */
export const OTHER_DESCRIPTORS = 256

/**
 * How many flows this process can hold: the configured number, or what the limit of open files leaves, since every reservation is a
 * descriptor. Node raises its soft limit to the hard one when it starts.
 */
export function flowCapacity(configured: number): number {
  return Math.max(1, Math.min(configured, descriptorLimit() - OTHER_DESCRIPTORS))
}

/** Soft limit of open files of this process (getrlimit(2), RLIMIT_NOFILE). */
function descriptorLimit(): number {
  const soft = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files\s+(\d+)/m)?.[1]
  return soft === undefined ? Number.MAX_SAFE_INTEGER : Number(soft)
}
