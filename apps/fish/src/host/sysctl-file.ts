import { readdir, readFile, writeFile } from 'node:fs/promises'
import { HostError } from './host-error.js'

/** The file of a sysctl; keys have slashes: `net/ipv4/ip_forward`. */
const fileOf = (key: string) => `/proc/sys/${key}`

/** Reads a sysctl of this network namespace, with single spaces between numbers; `undefined` if there is none. */
export async function readSysctl(key: string): Promise<string | undefined> {
  try {
    return (await readFile(fileOf(key), 'utf8')).trim().replaceAll(/\s+/g, ' ')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new HostError('ERR_HOST_CHANGE', `${fileOf(key)} cannot be read`, { cause })
  }
}

/** Writes a sysctl. Equals {@link sysctlCommand}. */
export async function writeSysctl(key: string, value: string): Promise<void> {
  try {
    await writeFile(fileOf(key), value)
  } catch (cause) {
    const hint = `try: ${sysctlCommand(key, value)}`
    throw new HostError('ERR_HOST_CHANGE', `${fileOf(key)} cannot be set to "${value}"`, { cause, hint })
  }
}

/** The command that sets it by hand. */
export function sysctlCommand(key: string, value: string): string {
  return `sysctl -w ${key}="${value}"`
}

/** The interfaces that have IPv4 settings; `all` and `default` are none. */
export async function listConfiguredInterfaces(): Promise<string[]> {
  const names = await readdir(fileOf('net/ipv4/conf'))
  return names.filter((name) => name !== 'all' && name !== 'default').sort()
}
