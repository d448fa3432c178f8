// Whether addresses and routes are as the reservations need them.
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isTaken } from '../../errors/refusal.js'
import type { TfoSocketError } from '../../errors/tfo-socket-error.js'
import { reservePort } from '../../reservation/reserve-port.js'
import { reserveTuple } from '../../reservation/reserve-tuple.js'
import { portRangeOf } from '../port-range.js'
import { readSysctl } from '../sysctl.js'
import { refusalOf, trialPorts } from '../try-reserving.js'
import { anyOf, type Check, type Needs } from './check.js'
import { canTryTuples, maySuspendFastOpen } from './fast-open.js'

export const loopbackUp: Check = {
  check: 'loopback',
  affects: 'addresses on lo are not local, and it is not known which ports are bound',
  look({ address, ports, kinds }) {
    if (address === undefined && (ports === undefined || !kinds.has('tuple'))) return undefined
    const ok = isLoopbackUp()
    return { ok, found: ok ? 'lo is up' : 'lo is down', wanted: 'up', fix: 'ip link set dev lo up' }
  },
}

/** Interfaces that are down are not listed. */
export function isLoopbackUp(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => internal))
}

export const localAddress: Check = {
  check: 'address',
  affects: 'nothing can be reserved on it',
  look({ address, ...needs }) {
    if (address === undefined) return undefined
    const refused = refusalOn(address, needs)
    const { code = '', syscall = '' } = refused ?? {}
    // What fails before the kernel looks at the address is the matter of other checks.
    const ok = (syscall !== 'bind' && syscall !== 'connect') || isTaken(code, syscall)
    return {
      ok,
      found: ok ? `${address} can be bound` : `${address}: ${syscall} ${code}`,
      wanted: 'an address of this network namespace',
      fix: `ip address add ${address}/${isIP(address) === 6 ? 128 : 32} dev lo`,
    }
  },
}

function refusalOn(address: string, { kinds }: Pick<Needs, 'kinds'>): TfoSocketError | undefined {
  // One UDP port by name needs none of the sysctls that other checks are about.
  const refused = refusalOf(() => reservePort({ protocol: 'udp', address, ports: portRangeOf().last }))
  if (refused !== undefined || !kinds.has('tuple') || !canTryTuples()) return refused
  // Broadcast addresses can be bound too, and in a namespace that never had an address, all can.
  const ends = { address, remoteAddress: address, remotePort: 9 }
  return refusalOf(() => reserveTuple({ ...ends, ports: trialPorts() }))
}

export const routeToRemote: Check = {
  check: 'route',
  affects: 'no tuple can be reserved for this remote, though nothing would be sent to it',
  look({ address, remoteAddress, mark, ...needs }) {
    if (remoteAddress === undefined || address === undefined) return undefined
    if (!needs.kinds.has('tuple')) return undefined
    const wanted = `a route to ${remoteAddress}`
    // Connecting while Fast Open is suspended would send a SYN to a stranger.
    if (maySuspendFastOpen()) {
      return { ok: false, found: 'not tried', wanted, fix: 'First what tcp-fastopen-blackhole asks for' }
    }
    const tuple = { address, ports: trialPorts(), remoteAddress, remotePort: 9 }
    let refused = refusalOf(() => reserveTuple({ ...tuple, mark }))
    // Who may not set marks is told so by another check, and still learns whether there is a route without.
    if (refused?.syscall === 'setsockopt(SO_MARK)') refused = refusalOf(() => reserveTuple(tuple))
    const tried = refused === undefined || refused.syscall === 'connect'
    const ok = refused === undefined || (tried && refused.code === 'EADDRNOTAVAIL')
    const marked = mark === undefined ? '' : ` mark ${mark}`
    return {
      ok,
      found: ok ? `there is one from ${address}` : `${tried ? 'none' : 'not tried'}: ${refused?.message}`,
      wanted,
      fix: tried
        ? `Add a route, for example a default route; see: ip route get ${remoteAddress} from ${address}${marked}`
        : 'First what the other checks ask for',
    }
  },
}

export const tcpEarlyDemux: Check = {
  check: 'tcp-early-demux',
  affects:
    'packets that arrive for a tuple are not forwarded, unless it is bound to another device than theirs; of no matter ' +
    'where nothing forwards them',
  look(needs) {
    if (!anyOf(needs, 'tuple', 'repair')) return undefined
    // The second switches off the first, and both count for IPv6.
    const tcp = readSysctl('net.ipv4.tcp_early_demux')
    const all = readSysctl('net.ipv4.ip_early_demux')
    const off = tcp === '0' || all === '0'
    const note = needs.forward ? '' : ', of no matter unless packets for tuples are forwarded'
    return {
      ok: off || !needs.forward,
      found: off ? 'off' : `net.ipv4.tcp_early_demux = ${tcp}${note}`,
      wanted: needs.forward ? '0' : '0 where packets for tuples are forwarded',
      fix: 'sysctl -w net.ipv4.tcp_early_demux=0',
    }
  },
}
