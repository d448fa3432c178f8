import type { Config } from '../config/config.js'
import { localTable } from './changes/local-last.js'
import type { HostChange, RuleChange, SysctlChange } from './host-change.js'
import { type HostFacts, interfaceKey } from './host-facts.js'
import { renderRuleset, tableName } from './nft-ruleset.js'
import { type PortRange, parseRange, slicesOutside, widenedRange } from './port-range.js'

/**
 * Says what the kernel must look like, in the order in which it is made so.
 *
 * The guards come first, so that nothing is ever answered for a slice. The rules come last, each after what it leads to; and the
 * local table is looked up at its later place before it stops being looked up at its first.
 */
export function planHost(config: Config, facts: HostFacts): HostChange[] {
  const { device, clients, slices, routing } = config
  const addresses = [...new Set(slices.map(({ address }) => address))]
  return [
    { kind: 'nft-table', name: tableName(device.name), ruleset: renderRuleset(config) },
    ...planSysctls(config, facts),
    ...addresses.map((address) => ({ kind: 'address', interface: 'lo', address: `${address}/32` }) as const),
    { kind: 'device', name: device.name, mtu: device.mtu, txQueueLength: device.txQueueLength },
    { kind: 'route', table: routing.table, interface: device.name },
    { kind: 'route', table: routing.clientTable, interface: device.name },
    ...planRules(routing, clients),
    { kind: 'local-last' },
  ]
}

/** The rules of policy routing. */
export function planRules(routing: Config['routing'], clients: Config['clients']): RuleChange[] {
  const { mark, table, clientTable, priority } = routing
  return [
    { kind: 'rule', priority, table, mark },
    { kind: 'rule', priority: priority + 1, table: localTable },
    // After the local table: before it, the host's own addresses would no longer answer the clients, not even to ARP.
    ...clients.map((client) => ({
      kind: 'rule' as const,
      priority: priority + 2,
      table: clientTable,
      inputInterface: client.interface,
    })),
  ]
}

function planSysctls({ device, clients, slices, host }: Config, facts: HostFacts): SysctlChange[] {
  const changes: SysctlChange[] = []
  const set = (key: string, value: string | number, resets?: string[]) =>
    changes.push({ kind: 'sysctl', key, value: String(value), ...(resets && { resets }) })

  // inet_forward_change() in net/ipv4/devinet.c: forwarding of each interface follows, and redirects are accepted or not.
  const follow = ['default', ...facts.interfaces].map((name) => interfaceKey(name, 'forwarding'))
  set('net/ipv4/ip_forward', 1, [...follow, interfaceKey('all', 'accept_redirects')])
  for (const { interface: name } of clients) set(interfaceKey(name, 'forwarding'), 1)
  // A reservation that early demux finds is attached to the packet, and a packet with a socket is not forwarded.
  set('net/ipv4/tcp_early_demux', 0)

  changes.push(...moveReversePathFilter(device.name, facts))
  set(interfaceKey(device.name, 'forwarding'), 1)
  // What fish writes has a source of this host, and comes in where nothing leads back to.
  set(interfaceKey(device.name, 'accept_local'), 1)
  set(interfaceKey(device.name, 'rp_filter'), 0)

  const groups = pingGroups(facts)
  if (groups !== undefined) set('net/ipv4/ping_group_range', `${groups.first} ${groups.last}`)

  const ports = parseRange(facts.sysctls.get('net/ipv4/ip_local_port_range') ?? '32768 60999')
  if (host.widenPortRange && slicesOutside(slices, ports).length > 0) {
    const { first, last } = widenedRange(slices, ports)
    set('net/ipv4/ip_local_port_range', `${first} ${last}`)
  }
  return changes
}

/** The range of groups that may open ping sockets, with ours in it; `undefined` when ours is there already. */
function pingGroups({ sysctls, groupId, groups }: HostFacts): PortRange | undefined {
  const now = parseRange(sysctls.get('net/ipv4/ping_group_range') ?? '1 0')
  if (groupId >= now.first && groupId <= now.last) return undefined
  const widened = { first: Math.min(now.first, groupId), last: Math.max(now.last, groupId) }
  const isEmpty = now.first > now.last
  // In a user namespace the empty range, and any other with groups of outside, reads as ids that cannot be written.
  const isWritable = widened.first >= groups.first && widened.last <= groups.last
  return isEmpty || !isWritable ? { first: groupId, last: groupId } : widened
}

/**
 * The kernel takes the higher of `all` and the interface's own value, so a filter in `all` cannot be off for our device: it moves
 * to every other interface, which keeps what it had. Loose mode (2) is no way out: it drops too where an interface has no address.
 */
function moveReversePathFilter(device: string, { interfaces, sysctls }: HostFacts): SysctlChange[] {
  const filterOf = (name: string) => Number(sysctls.get(interfaceKey(name, 'rp_filter')) ?? 0)
  const all = filterOf('all')
  if (all === 0) return []
  const others = ['default', ...interfaces].filter((name) => name !== device && filterOf(name) < all)
  return [
    ...others.map((name): SysctlChange => reversePathFilter(name, all)),
    // Last, and undone first: no interface is without its filter in between.
    reversePathFilter('all', 0),
  ]
}

function reversePathFilter(name: string, value: number): SysctlChange {
  return { kind: 'sysctl', key: interfaceKey(name, 'rp_filter'), value: String(value) }
}
