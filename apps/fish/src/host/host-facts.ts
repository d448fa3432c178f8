import { readFile } from 'node:fs/promises'
import { getegid } from 'node:process'
import { listConfiguredInterfaces, readSysctl } from './sysctl-file.js'

/** What a plan depends on besides the configuration: the host as it is without fish. */
export interface HostFacts {
  /** All interfaces with IPv4 settings. */
  readonly interfaces: readonly string[]
  /** The group that ping sockets of this process belong to. */
  readonly groupId: number
  /** Lowest and highest group id that this user namespace can name; writing others is refused. */
  readonly groups: { readonly first: number; readonly last: number }
  /** Values by key; absent ones do not exist here. */
  readonly sysctls: ReadonlyMap<string, string>
}

/** The key of an interface's setting. */
export function interfaceKey(name: string, setting: string): string {
  return `net/ipv4/conf/${name}/${setting}`
}

/**
 * Reads the facts.
 *
 * @param original - what the journal remembers of a key, which counts more than what it is now
 */
export async function readFacts(
  original: (key: string) => string | undefined = () => undefined,
): Promise<HostFacts> {
  const interfaces = await listConfiguredInterfaces()
  const keys = [
    'net/ipv4/ping_group_range',
    'net/ipv4/ip_local_port_range',
    'net/ipv4/ip_unprivileged_port_start',
    ...['all', 'default', ...interfaces].map((name) => interfaceKey(name, 'rp_filter')),
  ]
  const sysctls = new Map<string, string>()
  for (const key of keys) {
    const value = original(key) ?? (await readSysctl(key))
    if (value !== undefined) sysctls.set(key, value)
  }
  return { interfaces, groupId: getegid?.() ?? 0, groups: await readMappedGroups(), sysctls }
}

/** The part of the user namespace's group ids that begins with the lowest one, user_namespaces(7). */
async function readMappedGroups(): Promise<{ first: number; last: number }> {
  const [line = ''] = (await readFile('/proc/self/gid_map', 'utf8')).split('\n')
  const [first = 0, , count = 1] = line.trim().split(/\s+/).map(Number)
  return { first, last: first + count - 1 }
}
