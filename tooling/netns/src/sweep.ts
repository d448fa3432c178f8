import { readdir, readlink, stat } from 'node:fs/promises'
import { runCommand } from './command.js'
import { namespaceDirectory, ownerPid } from './namespace-name.js'

/** Removes the namespaces of labs whose process has died, with what still runs in them. */
export async function sweep(): Promise<string[]> {
  const names = await readdir(namespaceDirectory).catch(() => [])
  const leftovers = names.filter((name) => {
    const pid = ownerPid(name)
    return pid !== undefined && !isAlive(pid)
  })
  await Promise.all(leftovers.map(removeNamespace))
  return leftovers
}

/** Kills the processes inside a namespace and removes its name; a name that is already gone is no error. */
export async function removeNamespace(name: string): Promise<void> {
  const path = `${namespaceDirectory}/${name}`
  for (const pid of await processesIn(name, path)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself in the meantime.
    }
  }
  try {
    await runCommand('ip', ['netns', 'delete', name])
  } catch (error) {
    if (await stat(path).catch(() => undefined)) throw error
  }
}

async function processesIn(name: string, path: string): Promise<number[]> {
  const [namespace, own, self] = await Promise.all([
    stat(path).catch(() => undefined),
    stat('/proc/self/ns/net'),
    readlink('/proc/self'),
  ])
  if (!namespace) return []
  // A name for the namespace we live in, or pids of a /proc that is not ours, would kill strangers.
  if (namespace.ino === own.ino || self !== String(process.pid)) return []
  const { stdout } = await runCommand('ip', ['netns', 'pids', name])
  return stdout.split('\n').filter(Boolean).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
