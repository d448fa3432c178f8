import type { Config } from '../src/config/config.js'
import { parseConfig } from '../src/config/parse-config.js'
import { type InstalledHost, installHost } from '../src/host/install-host.js'
import { preflight as hostPreflight } from '../src/host/preflight.js'
import { removeHost } from '../src/host/remove-host.js'

/** What the test calls in the child that runs in the edge namespace. */

let host: InstalledHost | undefined

const read = (text: string): Config => parseConfig(text, 'fish.yaml')

export async function install(text: string): Promise<void> {
  host = await installHost(read(text))
}

export async function remove(): Promise<void> {
  await host?.remove()
}

export async function removeByJournal(text: string): Promise<void> {
  await removeHost(read(text))
}

export async function verify(): Promise<string[]> {
  return ((await host?.verify()) ?? []).map(({ message }) => message)
}

export async function guards() {
  return host?.readGuards()
}

/** The code of each problem, with what it says and how it is solved. */
export async function preflight(text: string) {
  return hostPreflight(read(text))
}
