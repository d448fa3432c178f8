import { formatIpAddress } from '../../codec/ip-address.js'
import { checkFamily, type IpFamily, parseAddressArgument } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../constants.js'
import { checkBoolean, checkKnown, invalidValue } from '../../errors/invalid-argument.js'
import { isNetlinkError, NetlinkError } from '../../errors/netlink-error.js'
import { familiesOf } from '../address-family.js'
import * as rt from '../constants.js'
import { checkInterface } from '../interface-argument.js'
import { type NeighbourState, neighbourState } from '../kernel-name.js'
import { formatHardwareAddress, parseHardwareAddress } from '../link/hardware-address.js'
import { interfaceIndex, interfaceNames } from '../link/links.js'
import {
  decodeNeighbour,
  encodeNeighbour,
  encodeNeighbourFilter,
  type IndexedNeighbour,
  type Neighbour,
  type NeighbourContent,
  nameNeighbour,
} from './neighbour.js'

export interface NeighbourFilter {
  interface?: string | number | undefined
  family?: IpFamily | undefined
  /** One of these. @default any, `noarp` and `failed` included */
  state?: NeighbourState | readonly NeighbourState[] | undefined
}

export interface NeighbourKey {
  interface: string | number
  address: string
}

export interface NeighbourOptions extends NeighbourKey {
  /** Link-layer address of six bytes, such as `02:00:00:00:00:01`. */
  lladdr: string
  /**
   * `permanent` stays until it is removed; `reachable` is confirmed by the kernel when its time is over, and forgotten when
   * nobody answers. @default 'permanent'
   */
  state?: 'permanent' | 'reachable' | 'stale' | 'noarp' | undefined
  /** Mark it as a router (IPv6). @default false */
  router?: boolean | undefined
}

export async function listNeighbours(
  connection: NetlinkConnection,
  filter: NeighbourFilter = {},
): Promise<Neighbour[]> {
  checkKnown('filter', filter, ['interface', 'family', 'state'])
  checkFamily(filter.family)
  if (filter.interface !== undefined) checkInterface('interface', filter.interface)
  const states = filter.state === undefined ? undefined : [filter.state].flat().map(neighbourState.number)
  const index =
    filter.interface === undefined
      ? undefined
      : await interfaceIndex(connection, filter.interface, 'RTM_GETNEIGH')
  const found = await dumpNeighbours(connection, filter.family, index)
  // Names last: a neighbour whose interface has gone meanwhile has gone with it.
  const names = await interfaceNames(connection)
  return found.flatMap((neighbour) => {
    if (states && !states.includes(neighbourState.number(neighbour.state))) return []
    return nameNeighbour(neighbour, names) ?? []
  })
}

export async function ensureNeighbour(
  connection: NetlinkConnection,
  options: NeighbourOptions,
): Promise<boolean> {
  const content = parseNeighbourOptions(options)
  const operation = `RTM_NEWNEIGH ${options.address} on ${options.interface}`
  const index = await interfaceIndex(connection, options.interface, operation)
  const payload = encodeNeighbour(index, content)
  const write = (flags: number) => connection.request({ type: rt.RTM_NEWNEIGH, flags, payload, operation })
  try {
    await write(NLM_F_CREATE | NLM_F_EXCL)
    return true
  } catch (error) {
    if (!isNetlinkError(error) || error.errno !== rt.EEXIST) throw error
    const existing = await findNeighbour(connection, index, content)
    if (existing && isNeighbour(existing, content)) return false
    if (existing?.state === 'permanent') throw otherNeighbourError(error)
    // What the kernel has learned, or failed to learn, gives way.
    await write(NLM_F_CREATE | NLM_F_REPLACE)
    return true
  }
}

export async function removeNeighbour(connection: NetlinkConnection, key: NeighbourKey): Promise<boolean> {
  checkKnown('key', key, ['interface', 'address'])
  checkInterface('interface', key.interface)
  const address = parseAddressArgument('address', key.address)
  const operation = `RTM_DELNEIGH ${key.address} on ${key.interface}`
  try {
    const index = await interfaceIndex(connection, key.interface, operation)
    const payload = encodeNeighbour(index, { address, state: 0, router: false })
    await connection.request({ type: rt.RTM_DELNEIGH, payload, operation })
    return true
  } catch (error) {
    if (isNetlinkError(error) && (error.errno === rt.ENOENT || error.errno === rt.ENODEV)) return false
    throw error
  }
}

/** IPv4 first. The kernel filters by interface, and what it lets through is looked at once more. */
export async function dumpNeighbours(
  connection: NetlinkConnection,
  family: IpFamily | undefined,
  index?: number,
): Promise<IndexedNeighbour[]> {
  const found: IndexedNeighbour[][] = []
  for (const one of familiesOf(family)) {
    const payload = encodeNeighbourFilter(one, index)
    const request = { type: rt.RTM_GETNEIGH, payload, operation: 'RTM_GETNEIGH' }
    const decode = (message: NetlinkMessage) => {
      const neighbour = decodeNeighbour(message, one)
      return index === undefined || neighbour?.index === index ? neighbour : undefined
    }
    found.push(await connection.dump(request, decode))
  }
  return found.flat()
}

function parseNeighbourOptions(options: NeighbourOptions): NeighbourContent {
  checkKnown('options', options, ['interface', 'address', 'lladdr', 'state', 'router'])
  checkInterface('interface', options.interface)
  if (options.router !== undefined) checkBoolean('router', options.router)
  const { state = 'permanent', router = false } = options
  if (!['permanent', 'reachable', 'stale', 'noarp'].includes(state)) {
    throw invalidValue('state', "'permanent', 'reachable', 'stale' or 'noarp'", state)
  }
  return {
    address: parseAddressArgument('address', options.address),
    lladdr: parseHardwareAddress('lladdr', options.lladdr),
    state: neighbourState.number(state),
    router,
  }
}

async function findNeighbour(
  connection: NetlinkConnection,
  index: number,
  { address }: NeighbourContent,
): Promise<IndexedNeighbour | undefined> {
  const text = formatIpAddress(address.bytes)
  return (await dumpNeighbours(connection, address.family, index)).find((one) => one.address === text)
}

function isNeighbour(neighbour: IndexedNeighbour, { lladdr, state, router }: NeighbourContent): boolean {
  return (
    neighbour.lladdr === formatHardwareAddress(lladdr!) &&
    neighbourState.number(neighbour.state) === state &&
    (neighbour.router ?? false) === router
  )
}

function otherNeighbourError(cause: NetlinkError): NetlinkError {
  const hint = 'A permanent entry with something else is there: remove it first'
  return new NetlinkError(`${cause.operation}: another entry is there [EEXIST]. ${hint}`, {
    code: 'EEXIST',
    errno: rt.EEXIST,
    hint,
    cause,
    ...(cause.operation !== undefined && { operation: cause.operation }),
  })
}
