import { isIP } from 'node:net'
import {
  checkAddress,
  checkBoolean,
  checkMark,
  checkOptions,
  checkPorts,
  invalidType,
  invalidValue,
} from '../errors/arguments.js'
import { isTfoSocketError } from '../errors/tfo-socket-error.js'
import type { Check, Needs } from './checks/check.js'
import { fastOpenBlackhole, fastOpenClient, fastOpenServer } from './checks/fast-open.js'
import { localAddress, loopbackUp, routeToRemote, tcpEarlyDemux } from './checks/network.js'
import { kernel, platform } from './checks/platform.js'
import { boundPorts, localPortRange, localReservedPorts } from './checks/ports.js'
import { descriptors, markCapability, pingGroupRange, repairCapability } from './checks/process.js'
import type { Finding } from './finding.js'
import type { SupportKind } from './is-supported.js'
import type { PortRange } from './port-range.js'

export interface DoctorOptions {
  /** What is to be done. Default: `['tuple']`. */
  kinds?: readonly SupportKind[] | undefined
  /** Where reservations are to be made; not a wildcard for tuples. Default: no address is looked at. */
  address?: string | undefined
  /** From which ports. Default: none are looked at. */
  ports?: PortRange | number | undefined
  /** A remote that tuples are to be held for; needs `address`. Default: no route is looked at. */
  remoteAddress?: string | undefined
  /** How many are to be held at once, besides the descriptors that are open now. Default: not looked at. */
  reservations?: number | undefined
  /** SO_MARK of the reservations. Default: none. */
  mark?: number | undefined
  /** Whether this network namespace forwards packets that arrive for tuples, as a NAT does. Default: false. */
  forward?: boolean | undefined
}

const known: ReadonlySet<string> = new Set([
  'kinds',
  'address',
  'ports',
  'remoteAddress',
  'reservations',
  'mark',
  'forward',
])

const kindNames: readonly SupportKind[] = [
  'tuple',
  'port',
  'echo-id',
  'repair',
  'fast-open-client',
  'fast-open-server',
]

/** In the order in which they are worth fixing: later ones depend on earlier ones. */
const checks: readonly Check[] = [
  kernel,
  fastOpenClient,
  fastOpenServer,
  fastOpenBlackhole,
  localPortRange,
  localReservedPorts,
  pingGroupRange,
  tcpEarlyDemux,
  repairCapability,
  markCapability,
  descriptors,
  loopbackUp,
  localAddress,
  routeToRemote,
  boundPorts,
]

/**
 * Looks at whether this process, in the network namespace of the calling thread, can do what is wanted, and says what
 * is in the way and which command removes it. Changes nothing.
 *
 * Only what the options ask for is looked at. What can be tried is tried: a reservation is made and released at once,
 * each on its own, which sends nothing. (With `net.ipv4.tcp_fastopen_blackhole_timeout_sec` above 0 one SYN may go over
 * `lo`; what could reach another host is not tried then.) On a system that is not Linux, or without an addon, the only
 * finding says so.
 *
 * A fix may say more than you want others to be allowed: ports below `net.ipv4.ip_unprivileged_port_start` take
 * lowering it. A `sysctl -w` lasts until the next start of the system; to keep it, put it in `/etc/sysctl.d`.
 *
 * About 1 ms, and with `ports` and tuples 20 to 35 µs for each port, during which it is held for a remote on `lo` and
 * cannot be bound by name. See {@link formatFindings} for people and {@link isSupported} for a yes or no. The checks:
 * `platform`, `kernel`, `tcp-fastopen-client`, `tcp-fastopen-server`, `tcp-fastopen-blackhole`, `ip-local-port-range`,
 * `ip-local-reserved-ports`, `ping-group-range`, `tcp-early-demux`, `repair-capability`, `mark-capability`,
 * `descriptors`, `loopback`, `address`, `route`, `bound-ports`.
 *
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. Nothing else: what cannot be looked
 * at is a finding.
 * @see https://docs.kernel.org/networking/ip-sysctl.html
 */
export function doctor(options: DoctorOptions = {}): Finding[] {
  const needs = needsOf(options)
  const first = find(platform, needs)
  if (first.some(({ ok }) => !ok)) return first
  return [...first, ...checks.flatMap((check) => find(check, needs))]
}

function find({ check, affects, look }: Check, needs: Needs): Finding[] {
  try {
    const looked = look(needs)
    if (looked === undefined) return []
    const { ok, found, wanted, fix } = looked
    return [{ check, ok, found, wanted, affects, ...(!ok && { fix }) }]
  } catch (error) {
    if (!isTfoSocketError(error)) throw error
    const fix = error.hint === undefined ? {} : { fix: error.hint }
    return [{ check, ok: false, found: error.message, wanted: 'an answer', affects, ...fix }]
  }
}

function needsOf(options: DoctorOptions): Needs {
  checkOptions(options, known)
  const { kinds = ['tuple'], address, ports, remoteAddress, reservations, mark, forward } = options
  if (!Array.isArray(kinds)) throw invalidType('options.kinds', 'an array', kinds)
  for (const kind of kinds) {
    if (!kindNames.includes(kind))
      throw invalidValue('options.kinds', `some of ${kindNames.join(', ')}`, kind)
  }
  if (address !== undefined || remoteAddress !== undefined) checkIp('options.address', address)
  if (remoteAddress !== undefined) checkIp('options.remoteAddress', remoteAddress)
  if (address !== undefined && /^[0:.]+$/.test(address) && kinds.includes('tuple')) {
    throw invalidValue('options.address', 'an address that tuples can have, not a wildcard', address)
  }
  if (ports !== undefined) checkPorts('options.ports', ports)
  checkCount('options.reservations', reservations)
  checkMark(mark)
  checkBoolean('options.forward', forward)
  return {
    kinds: new Set(kinds),
    address,
    ports: typeof ports === 'number' ? { first: ports, last: ports } : ports,
    remoteAddress,
    reservations,
    mark,
    forward: forward ?? false,
  }
}

function checkIp(name: string, value: unknown): void {
  checkAddress(name, value)
  if (isIP(value as string) === 0) throw invalidValue(name, 'an IPv4 or IPv6 address', value)
}

function checkCount(name: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 0) throw invalidValue(name, 'a whole number', value)
}
