import type { RouteSocket } from '@slatfatf/netlink'
import type { Config } from '../../config/config.js'
import type { HostFacts } from '../host-facts.js'
import type { HostProblem } from '../host-problem.js'
import { parseRange, slicesOutside, widenedRange } from '../port-range.js'
import { readSysctl, sysctlCommand } from '../sysctl-file.js'

/** The slices' ports are ones the kernel can pick, and their addresses are where they belong. */
export async function checkSlices(
  config: Config,
  facts: HostFacts,
  route: RouteSocket,
): Promise<HostProblem[]> {
  return [
    ...portRange(config, facts),
    ...(await reservedPorts(config)),
    ...(await addressesElsewhere(config, route)),
  ]
}

function portRange({ slices, host }: Config, { sysctls }: HostFacts): HostProblem[] {
  const key = 'net/ipv4/ip_local_port_range'
  const range = parseRange(sysctls.get(key) ?? '32768 60999')
  const outside = slicesOutside(slices, range)
  if (outside.length === 0) return []
  const names = outside.map(({ address, ports }) => `${address} ${ports.first}-${ports.last}`).join(', ')
  const wide = widenedRange(slices, range)
  const unprivileged = Number(sysctls.get('net/ipv4/ip_unprivileged_port_start') ?? 0)
  if (wide.first < unprivileged) {
    // ipv4_local_port_range() in net/ipv4/sysctl_net_ipv4.c refuses a range that begins below it.
    return [
      {
        code: 'PORT_RANGE_PRIVILEGED',
        message: `the range of ports the kernel picks from cannot reach down to ${wide.first} (${names})`,
        hint: sysctlCommand('net/ipv4/ip_unprivileged_port_start', String(wide.first)),
        severity: 'error',
      },
    ]
  }
  if (host.widenPortRange) return []
  return [
    {
      code: 'PORT_RANGE',
      message: `outside of the ports the kernel picks from (${range.first}-${range.last}): ${names}`,
      hint: `${sysctlCommand(key, `${wide.first} ${wide.last}`)}, or let fish do it (host.widenPortRange: true)`,
      severity: 'error',
    },
  ]
}

async function reservedPorts({ slices }: Config): Promise<HostProblem[]> {
  const key = 'net/ipv4/ip_local_reserved_ports'
  const text = (await readSysctl(key)) ?? ''
  const reserved = text
    .split(',')
    .filter(Boolean)
    .map((part) => parseRange(part.includes('-') ? part.replace('-', ' ') : `${part} ${part}`))
  const hit = reserved.find(({ first, last }) =>
    slices.some(({ ports }) => ports.first <= last && first <= ports.last),
  )
  if (!hit) return []
  return [
    {
      code: 'PORTS_RESERVED',
      message: `the kernel may not pick ports ${hit.first}-${hit.last}, which lie in a slice (${key})`,
      hint: `${sysctlCommand(key, '')}, or leave them out of ${key} and keep the others`,
      severity: 'error',
    },
  ]
}

async function addressesElsewhere({ slices }: Config, route: RouteSocket): Promise<HostProblem[]> {
  const wanted = new Set(slices.map(({ address }) => address))
  const found = await route.addresses({ family: 4 })
  return found
    .filter(({ address, interface: name }) => wanted.has(address) && name !== 'lo')
    .map(({ address, prefixLength, interface: name }) => ({
      code: 'ADDRESS_ELSEWHERE',
      message: `${address} is an address of ${name}, so the host would use it with ports of other machines`,
      hint: `ip address add ${address}/32 dev lo; ip address del ${address}/${prefixLength} dev ${name}`,
      severity: 'error',
    }))
}
