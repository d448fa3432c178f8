import { setImmediate as nextTurn } from 'node:timers/promises'
import { type IpPrefix, parseAddressArgument } from '../../codec/ip-prefix.js'
import { BULK_EXISTS, BULK_OK, BULK_UNKNOWN } from '../../connection/bulk-result.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../../constants.js'
import { checkKnown, checkSignal, invalidType } from '../../errors/invalid-argument.js'
import { isNetlinkError, type NetlinkError } from '../../errors/netlink-error.js'
import * as rt from '../constants.js'
import { interfaceIndex } from '../link/links.js'
import type { DecodedRoute } from './route.js'
import { routeAttributes } from './route-attributes.js'
import { destinationOf, matchesRoute } from './route-match.js'
import { type RouteInterfaces, writeDeleteRoute, writeNewRoute } from './route-message.js'
import { parseRouteOptions, type RouteKey, type RouteOptions } from './route-options.js'
import { dumpRoutes, isFoundByUs, otherRouteError, withDefaults } from './routes.js'

export interface ManyRoutesOptions {
  /** Stops before the next datagram. What was sent has taken effect. */
  signal?: AbortSignal | undefined
}

/** What became of one of many: what the call for one would resolve to, or reject with. */
export type RouteOutcome = boolean | NetlinkError

interface Entry {
  /** Place among the routes that were given. */
  index: number
  key: RouteKey
  interfaces: RouteInterfaces
}

/** As many as are read in some milliseconds; between them the event loop turns. */
const READ_AT_ONCE = 2048

const NO_INTERFACES: RouteInterfaces = { oif: undefined, hops: [] }

export async function ensureRoutes(
  connection: NetlinkConnection,
  routes: Iterable<RouteOptions>,
  options: ManyRoutesOptions = {},
): Promise<RouteOutcome[]> {
  const { outcomes, entries } = await prepare(connection, routes, options, 'RTM_NEWROUTE')
  const result = await connection.bulk(
    entries.length,
    (place, writer) => writeNewRoute(writer, entries[place]!.key, entries[place]!.interfaces),
    {
      type: rt.RTM_NEWROUTE,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      operation: (place) => operationOf('RTM_NEWROUTE', entries[place]!.key),
      attributeNames: routeAttributes,
      signal: options.signal,
    },
  )
  const isOpen = (place: number) =>
    result.outcomes[place] === BULK_EXISTS || result.outcomes[place] === BULK_UNKNOWN
  const existing = await ExistingRoutes.read(
    connection,
    entries.filter((_, place) => isOpen(place)),
  )
  for (const [place, { index, key, interfaces }] of entries.entries()) {
    if (result.outcomes[place] === BULK_OK) outcomes[index] = true
    // Of one whose answer was lost this is all that can be known: it is there.
    else if (isOpen(place) && existing.find(withDefaults(key), interfaces)) outcomes[index] = false
    else {
      const error = result.errorAt(place)!
      outcomes[index] = result.outcomes[place] === BULK_EXISTS ? otherRouteError(error) : error
    }
  }
  return outcomes
}

export async function removeRoutes(
  connection: NetlinkConnection,
  routes: Iterable<RouteOptions>,
  options: ManyRoutesOptions = {},
): Promise<RouteOutcome[]> {
  const { outcomes, entries: given } = await prepare(connection, routes, options, 'RTM_DELROUTE')
  const before = await ExistingRoutes.read(
    connection,
    given.filter(({ key }) => isFoundByUs(key)),
  )
  // What is not sent was not there: its place says false already.
  const entries = given.filter((entry) => {
    if (!isFoundByUs(entry.key)) return true
    const found = before.find(entry.key, entry.interfaces)
    if (found) entry.key = { ...entry.key, metric: found.metric }
    return found !== undefined
  })
  const result = await connection.bulk(
    entries.length,
    (place, writer) => writeDeleteRoute(writer, entries[place]!.key, entries[place]!.interfaces),
    {
      type: rt.RTM_DELROUTE,
      operation: (place) => operationOf('RTM_DELROUTE', entries[place]!.key),
      attributeNames: routeAttributes,
      signal: options.signal,
    },
  )
  const left = await ExistingRoutes.read(
    connection,
    entries.filter((_, place) => result.outcomes[place] === BULK_UNKNOWN),
  )
  for (const [place, { index, key, interfaces }] of entries.entries()) {
    const outcome = result.outcomes[place]
    if (outcome === BULK_OK) outcomes[index] = true
    else if (result.errnoAt(place) === rt.ESRCH) outcomes[index] = false
    else if (outcome === BULK_UNKNOWN && !left.find(key, interfaces)) outcomes[index] = true
    else outcomes[index] = result.errorAt(place)!
  }
  return outcomes
}

/** Reads all arguments before anything is sent, and finds each interface once. Entries are those that can be sent. */
async function prepare(
  connection: NetlinkConnection,
  routes: Iterable<RouteOptions>,
  options: ManyRoutesOptions,
  request: string,
): Promise<{ outcomes: RouteOutcome[]; entries: Entry[] }> {
  checkKnown('options', options, ['signal'])
  checkSignal(options.signal)
  const keys = await parseRoutes(routes, options.signal)
  const outcomes = new Array<RouteOutcome>(keys.length).fill(false)
  const entries: Entry[] = []
  const known = new Map<string | number, number | NetlinkError>()
  for (const [index, key] of keys.entries()) {
    if (key.interface === undefined && key.nextHops === undefined) {
      entries.push({ index, key, interfaces: NO_INTERFACES })
      continue
    }
    const names = [key.interface, ...(key.nextHops?.map((hop) => hop.interface) ?? [])]
    for (const name of names) {
      if (name === undefined || known.has(name)) continue
      known.set(name, await find(connection, name, operationOf(request, key)))
    }
    const [oif, ...hops] = names.map((name) => (name === undefined ? undefined : known.get(name)))
    const missing = [oif, ...hops].find(isNetlinkError)
    // What has no interface cannot be there: nothing to remove.
    if (missing) outcomes[index] = request === 'RTM_DELROUTE' ? false : missing
    else entries.push({ index, key, interfaces: { oif, hops } as RouteInterfaces })
  }
  return { outcomes, entries }
}

async function parseRoutes(
  routes: Iterable<RouteOptions>,
  signal: AbortSignal | undefined,
): Promise<RouteKey[]> {
  if (typeof routes !== 'object' || routes === null || !(Symbol.iterator in routes)) {
    throw invalidType('routes', 'an iterable of routes', routes)
  }
  const addresses = new Map<string, IpPrefix>()
  const parseAddress = (name: string, text: string) => {
    const known = addresses.get(text)
    if (known) return known
    const address = parseAddressArgument(name, text)
    addresses.set(text, address)
    return address
  }
  const keys: RouteKey[] = []
  for (const route of routes) {
    try {
      keys.push(parseRouteOptions(route, parseAddress))
    } catch (error) {
      if (error instanceof Error) error.message = `routes[${keys.length}]: ${error.message}`
      throw error
    }
    if (keys.length % READ_AT_ONCE === 0) {
      signal?.throwIfAborted()
      await nextTurn()
    }
  }
  return keys
}

async function find(
  connection: NetlinkConnection,
  name: string | number,
  operation: string,
): Promise<number | NetlinkError> {
  try {
    return await interfaceIndex(connection, name, operation)
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENODEV) return error
    throw error
  }
}

/** What is in the tables that `entries` name, by destination. */
class ExistingRoutes {
  readonly #byDestination = new Map<string, DecodedRoute[]>()

  static async read(connection: NetlinkConnection, entries: readonly Entry[]): Promise<ExistingRoutes> {
    const existing = new ExistingRoutes()
    const tables = new Map(entries.map(({ key }) => [`${key.family} ${key.table}`, key]))
    for (const { family, table } of tables.values()) {
      for (const route of await dumpRoutes(connection, family, { table })) existing.#add(route)
    }
    return existing
  }

  find(key: RouteKey, interfaces: RouteInterfaces): DecodedRoute | undefined {
    const candidates = this.#byDestination.get(`${key.family} ${key.table} ${destinationOf(key)}`)
    return candidates?.find((route) => matchesRoute(route, key, interfaces))
  }

  #add(route: DecodedRoute): void {
    const place = `${route.family} ${route.table} ${route.destination}`
    const others = this.#byDestination.get(place)
    if (others) others.push(route)
    else this.#byDestination.set(place, [route])
  }
}

function operationOf(request: string, key: RouteKey): string {
  return `${request} ${destinationOf(key)} table ${key.table}`
}
