import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { labPrefix, namespaceDirectory, namespaceName, namespacePath } from './namespace-name.js'
import { removeNamespace } from './remove-namespace.js'
import type { Transcript } from './transcript.js'

const maxLabs = 1_000

/** Makes a namespace for each role, under the first lab number that is free; resolves with their names. */
export async function addNamespaces(
  roles: readonly string[],
  transcript: Transcript,
): Promise<Map<string, string>> {
  const taken = await readdir(namespaceDirectory).catch(() => [])
  for (let lab = 1; lab <= maxLabs; lab += 1) {
    if (taken.some((name) => name.startsWith(labPrefix(lab)))) continue
    const names = new Map(roles.map((role) => [role, namespaceName(lab, role)]))
    if (await addAll([...names.values()], transcript)) return names
  }
  throw new RangeError(`this process has ${maxLabs} labs already`)
}

/** False, and nothing added, if another thread of this process took one of the names first. */
async function addAll(names: readonly string[], transcript: Transcript): Promise<boolean> {
  const added: string[] = []
  for (const name of names) {
    try {
      await transcript.run('ip', ['netns', 'add', name])
      added.push(name)
    } catch (error) {
      const lostRace = existsSync(namespacePath(name))
      await Promise.all(added.map(removeNamespace))
      if (lostRace) return false
      throw error
    }
  }
  return true
}
