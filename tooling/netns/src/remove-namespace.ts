import { existsSync } from 'node:fs'
import { readlink, stat } from 'node:fs/promises'
import { runCommand } from './command.js'
import { namespacePath } from './namespace-name.js'

/** Kills the processes inside a namespace and removes its name; a name that is already gone is no error. */
export async function removeNamespace(name: string): Promise<void> {
  try {
    for (const pid of await processesIn(name)) kill(pid)
    await runCommand('ip', ['netns', 'delete', name])
  } catch (error) {
    if (existsSync(namespacePath(name))) throw error
  }
}

async function processesIn(name: string): Promise<number[]> {
  const [namespace, own, self] = await Promise.all([
    stat(namespacePath(name)).catch(() => undefined),
    stat('/proc/self/ns/net'),
    readlink('/proc/self'),
  ])
  if (!namespace) return []
  // A name for the namespace we live in, or pids of a /proc that is not ours, would kill strangers.
  if (namespace.ino === own.ino || self !== String(process.pid)) return []
  const { stdout } = await runCommand('ip', ['netns', 'pids', name])
  return stdout.split('\n').filter(Boolean).map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in the meantime.
  }
}
