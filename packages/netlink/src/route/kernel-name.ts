import { checkInteger, invalidValue } from '../errors/invalid-argument.js'

/** A value of the kernel by its name in iproute2, or by its number where it has no name here. */
export type KernelName<Name extends string> = Name | number

const protocols = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  zebra: 11,
  bird: 12,
  dhcp: 16,
  keepalived: 18,
  babel: 42,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
} as const

const scopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const

const types = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
} as const

const operationalStates = {
  unknown: 0,
  notpresent: 1,
  down: 2,
  lowerlayerdown: 3,
  testing: 4,
  dormant: 5,
  up: 6,
} as const

const actions = { lookup: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const

const neighbourStates = {
  none: 0,
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noarp: 0x40,
  permanent: 0x80,
} as const

/** Who made a route (`proto` of `ip route`). */
export type RouteProtocol = KernelName<keyof typeof protocols>
/** How far away the destination is (`scope`). */
export type RouteScope = KernelName<keyof typeof scopes>
/** What happens to a packet that takes the route. */
export type RouteType = KernelName<keyof typeof types>
/** Whether packets pass, after RFC 2863; `unknown` for devices that do not tell, which mostly means up. */
export type OperationalState = KernelName<keyof typeof operationalStates>
/** What happens to a packet that matches the rule; `lookup` goes to the rule's table. */
export type RuleAction = KernelName<keyof typeof actions>

/** What is known of a neighbour's reachability (NUD_*), by the names of `ip neighbour`. */
export type NeighbourState = KernelName<keyof typeof neighbourStates>

export const routeProtocol = table('protocol', protocols)
export const routeScope = table('scope', scopes)
export const routeType = table('type', types)
export const operationalState = table('operationalState', operationalStates)
export const neighbourState = table('state', neighbourStates)
export const ruleAction = table('action', actions)

function table<Name extends string>(argument: string, numbers: Readonly<Record<Name, number>>) {
  const names = new Map(Object.entries<number>(numbers).map(([name, number]) => [number, name as Name]))
  return {
    name: (number: number): KernelName<Name> => names.get(number) ?? number,
    number(value: KernelName<Name>): number {
      if (typeof value === 'number') {
        checkInteger(argument, value, 255)
        return value
      }
      if (!Object.hasOwn(numbers, value)) {
        throw invalidValue(argument, `a number or one of ${Object.keys(numbers).join(', ')}`, value)
      }
      return numbers[value]
    },
  }
}
