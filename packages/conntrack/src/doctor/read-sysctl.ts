import { readFileSync, statSync } from 'node:fs'

/**
 * A setting under /proc/sys, undefined if it is not there or belongs to another namespace.
 *
 * The kernel shows each thread the settings of the namespace that the thread is in. Those of another one can be read only by
 * entering it, which this package does not do to your threads.
 */
export function readSysctl(name: string, netns?: string | number): number | undefined {
  if (!isOwnNamespace(netns)) return undefined
  try {
    // Synchronously: other threads may be in other namespaces.
    const value = Number(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'latin1').trim())
    return Number.isNaN(value) ? undefined : value
  } catch {
    return undefined
  }
}

/** Whether this is the network namespace of the calling thread. */
export function isOwnNamespace(netns: string | number | undefined): boolean {
  if (netns === undefined) return true
  try {
    const [given, own] = [
      typeof netns === 'number' ? `/proc/self/fd/${netns}` : netns,
      '/proc/thread-self/ns/net',
    ].map((path) => statSync(path))
    return given!.dev === own!.dev && given!.ino === own!.ino
  } catch {
    return false
  }
}
