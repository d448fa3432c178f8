import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs the lab runs, and the Debian package each comes from. */
const PROGRAMS: readonly (readonly [string, string])[] = [
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['nft', 'nftables'],
  ['sysctl', 'procps'],
  ['unshare', 'util-linux'],
  ['curl', 'curl'],
  ['ping', 'iputils-ping'],
  ['iperf3', 'iperf3'],
]

/** What to do before the lab can play; empty when nothing is missing. */
export function missingRequirements(): string[] {
  const packages = new Set(PROGRAMS.filter(([program]) => !isInstalled(program)).map(([, debian]) => debian))
  const missing = packages.size > 0 ? [`apt-get install ${[...packages].join(' ')}`] : []
  if (!canOpen('/dev/net/tun'))
    missing.push('/dev/net/tun must be readable and writable: chmod 0666 /dev/net/tun')
  return missing
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => canAccess(join(folder, program), constants.X_OK))
}

function canOpen(path: string): boolean {
  return canAccess(path, constants.R_OK | constants.W_OK)
}

function canAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
