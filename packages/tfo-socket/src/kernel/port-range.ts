import { requireLinux } from '../binding.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import { readSysctl, readSysctlNumber } from './sysctl.js'

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  first: number
  last: number
}

const rangeSysctl = 'net.ipv4.ip_local_port_range'
const reservedSysctl = 'net.ipv4.ip_local_reserved_ports'
const unprivilegedSysctl = 'net.ipv4.ip_unprivileged_port_start'

/**
 * The ports from which the kernel picks in this network namespace.
 *
 * A range given to a reservation must lie inside it: the kernel narrows what does not, and says nothing. It counts
 * for IPv6 too. Equivalent command: `sysctl net.ipv4.ip_local_port_range`.
 *
 * @throws {TfoSocketError} the errno of reading `/proc`, or `ERR_UNSUPPORTED_PLATFORM`.
 * @see https://docs.kernel.org/networking/ip-sysctl.html
 */
export function portRangeOf(): PortRange {
  requireLinux()
  const [first = 0, last = 0] = readSysctl(rangeSysctl).split(/\s+/).map(Number)
  return { first, last }
}

/** What the two sysctls let the kernel pick from, as this thread last saw them. */
interface Pickable {
  first: number
  last: number
  reserved: PortRange[]
  readAt: number
}

/** How old a view may be before this thread looks again: reading takes 40 µs, so that once a second is nothing. */
const maxAgeMs = 1000
/** The same where the kernel has refused. */
const maxAgeOfRefusedMs = 100

let pickable: Pickable | undefined

/**
 * Throws unless the kernel can pick every port of the range. The sysctls are read once a second while this is asked, and
 * again before anything is refused: the kernel narrows a range without a word, also one that it gave in full before.
 */
export function requirePickable(first: number, last: number): void {
  if (pickable !== undefined && covers(pickable, first, last)) return
  pickable = readPickable()
  if (!covers(pickable, first, last)) throw notPickable(pickable, first, last)
}

/**
 * The same, distrusting what was read before: for a range that the kernel called full, which is also what a range looks
 * like that somebody has narrowed meanwhile. Looks at most ten times a second, because refusals come in floods.
 */
export function requireStillPickable(first: number, last: number): void {
  if (pickable !== undefined && performance.now() - pickable.readAt > maxAgeOfRefusedMs) pickable = undefined
  requirePickable(first, last)
}

/** For a port outside the range, which proves that what this thread knew has changed. */
export function pickedOutside(first: number, last: number): TfoSocketError {
  pickable = readPickable()
  return notPickable(pickable, first, last)
}

function covers(view: Pickable, first: number, last: number): boolean {
  return (
    first >= view.first && last <= view.last && !view.reserved.some((r) => r.first <= last && r.last >= first)
  )
}

function readPickable(): Pickable {
  const view = { ...portRangeOf(), reserved: reservedPorts(), readAt: performance.now() }
  // A timer, so that nothing has to ask the clock for each reservation.
  setTimeout(() => {
    if (pickable === view) pickable = undefined
  }, maxAgeMs).unref()
  return view
}

/** The ports that the kernel never picks. */
export function reservedPorts(): PortRange[] {
  return parsePortList(readSysctl(reservedSysctl))
}

/** What is left of `range` without `holes`, in ascending order. */
export function withoutPorts(range: PortRange, holes: readonly PortRange[]): PortRange[] {
  return holes.reduce<PortRange[]>(
    (left, hole) =>
      left.flatMap(({ first, last }) =>
        [
          { first, last: Math.min(last, hole.first - 1) },
          { first: Math.max(first, hole.last + 1), last },
        ].filter((part) => part.first <= part.last),
      ),
    [range],
  )
}

/** The command after which the kernel picks from `wanted` too, and still from what it picked from before. */
export function widenPortRange(now: PortRange, wanted: PortRange): string {
  const low = Math.min(wanted.first, now.first)
  const high = Math.max(wanted.last, now.last)
  // The kernel refuses a range that reaches into the privileged ports.
  const lower = low < readSysctlNumber(unprivilegedSysctl) ? `${unprivilegedSysctl}=${low} ` : ''
  return `sysctl -w ${lower}${rangeSysctl}="${low} ${high}"`
}

/** The command after which none of `wanted` is kept from picking, and still all else that is kept now. */
export function freePorts(reserved: readonly PortRange[], wanted: PortRange): string {
  const kept = reserved.flatMap((range) => withoutPorts(range, [wanted]))
  return `sysctl -w ${reservedSysctl}="${kept.map(describeRange).join(',')}"`
}

/** As the kernel writes it. */
export function describeRange({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`
}

/** The kernel's form: `9000-9010,9050`, or an empty line. */
export function parsePortList(text: string): PortRange[] {
  const list = text.trim()
  if (list === '') return []
  return list.split(',').map((item) => {
    const [first = 0, last = first] = item.split('-').map(Number)
    return { first, last }
  })
}

function notPickable(view: Pickable, first: number, last: number): TfoSocketError {
  const asked = first === last ? `port ${first}` : `ports ${first}-${last}`
  const reserved = view.reserved.find((r) => r.first <= last && r.last >= first)
  if (reserved !== undefined && first >= view.first && last <= view.last) {
    const part = describeRange({
      first: Math.max(first, reserved.first),
      last: Math.min(last, reserved.last),
    })
    return new TfoSocketError(
      `The kernel never picks ${first === last ? 'it' : part} of ${asked}, for it is in ${reservedSysctl}`,
      {
        code: 'ERR_PORT_RESERVED',
        hint: freePorts(view.reserved, { first, last }),
        firstPort: first,
        lastPort: last,
      },
    )
  }
  return new TfoSocketError(
    `The kernel picks only from ${view.first}-${view.last}, which does not cover ${asked}: ${rangeSysctl}`,
    {
      code: 'ERR_PORT_OUTSIDE_RANGE',
      hint: widenPortRange(view, { first, last }),
      firstPort: first,
      lastPort: last,
    },
  )
}
