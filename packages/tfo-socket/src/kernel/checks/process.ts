// What this process may do.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { reservePort } from '../../reservation/reserve-port.js'
import { admitPingGroup, pingSysctl } from '../ping-group-range.js'
import { portRangeOf } from '../port-range.js'
import { readSysctl } from '../sysctl.js'
import { loopback, refusalOf, tryReserving } from '../try-reserving.js'
import { anyOf, type Check } from './check.js'

export const pingGroupRange: Check = {
  check: 'ping-group-range',
  affects: 'echo ids cannot be reserved, over IPv6 either',
  look(needs) {
    if (!anyOf(needs, 'echo-id')) return undefined
    const refused = tryReserving('echo-id')
    const group = process.getegid?.() ?? 0
    return {
      ok: refused?.syscall !== 'socket' || (refused.code !== 'EACCES' && refused.code !== 'EPERM'),
      found: `${pingSysctl} = ${readSysctl(pingSysctl).replace(/\s+/, ' ')}`,
      wanted: `contains a group of this process, such as ${group}`,
      fix: admitPingGroup(group),
    }
  },
}

export const markCapability: Check = {
  check: 'mark-capability',
  affects: 'reservations with a mark are refused',
  look({ mark }) {
    if (mark === undefined || mark === 0) return undefined
    const { address } = loopback
    const ports = portRangeOf().last
    const refused = refusalOf(() => reservePort({ protocol: 'udp', address, ports, mark }))
    const ok = refused?.syscall !== 'setsockopt(SO_MARK)'
    return {
      ok,
      found: ok ? 'this process may set marks' : `setsockopt(SO_MARK) ${refused?.code}`,
      wanted: 'CAP_NET_ADMIN, or CAP_NET_RAW since Linux 5.17',
      fix: 'Start the process with CAP_NET_RAW, in a systemd unit: AmbientCapabilities=CAP_NET_RAW',
    }
  },
}

export const repairCapability: Check = {
  check: 'repair-capability',
  affects: 'tuples cannot be reserved in repair mode',
  look(needs) {
    if (!anyOf(needs, 'repair')) return undefined
    const refused = tryReserving('repair')
    const ok = refused?.syscall !== 'setsockopt(TCP_REPAIR)'
    return {
      ok,
      found: ok ? 'this process may use repair mode' : `setsockopt(TCP_REPAIR) ${refused?.code}`,
      wanted: 'CAP_NET_ADMIN',
      fix: 'Start the process with CAP_NET_ADMIN, in a systemd unit: AmbientCapabilities=CAP_NET_ADMIN',
    }
  },
}

export const descriptors: Check = {
  check: 'descriptors',
  affects: 'reserving ends with EMFILE before all that are wanted are held',
  look({ reservations }) {
    if (reservations === undefined) return undefined
    const [soft, hard] = descriptorLimits()
    const open = openDescriptors()
    const needed = limitFor(reservations, open)
    // Raising the hard limit takes CAP_SYS_RESOURCE, raising the other does not.
    const raised = needed <= hard ? `${needed}:` : `${needed}:${needed}`
    return {
      ok: needed <= soft,
      found: `${open.length} open of ${soft}, hard limit ${hard}`,
      wanted: `room for ${reservations} more`,
      fix: `prlimit --pid=${process.pid} --nofile=${raised}`,
    }
  },
}

function descriptorLimits(): [soft: number, hard: number] {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  const [, soft = '0', hard = '0'] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? []
  return [asNumber(soft), asNumber(hard)]
}

function asNumber(limit: string): number {
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
}

function openDescriptors(): number[] {
  // The listing's own descriptor is in the list, and is closed by now.
  return readdirSync('/proc/self/fd')
    .filter((name) => isOpen(name))
    .map(Number)
}

function isOpen(fd: string): boolean {
  try {
    readlinkSync(`/proc/self/fd/${fd}`)
    return true
  } catch {
    return false
  }
}

/**
 * The smallest limit under which `count` descriptors can be opened. A limit is about their numbers, so what is open
 * above it takes no room below.
 */
export function limitFor(count: number, open: readonly number[]): number {
  return [...open].sort((a, b) => a - b).reduce((limit, fd) => (fd < limit ? limit + 1 : limit), count)
}
