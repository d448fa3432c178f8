import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { namespaceDirectory, ownerPid } from './namespace-name.js'
import { removeNamespace } from './remove-namespace.js'

/**
 * Removes the namespaces of labs whose process has died, with what still runs in them.
 *
 * Resolves with the names removed. One that cannot be removed is left for the next sweep.
 */
export async function sweep(): Promise<string[]> {
  const names = await readdir(namespaceDirectory).catch(() => [])
  const leftovers = names.filter((name) => {
    const pid = ownerPid(name)
    return pid !== undefined && !isAlive(pid)
  })
  const results = await Promise.allSettled(leftovers.map(removeNamespace))
  return leftovers.filter((_, index) => results[index]?.status === 'fulfilled')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  return !isZombie(pid)
}

/** A dead process keeps its pid until its parent has asked for it, and some parents never do. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
