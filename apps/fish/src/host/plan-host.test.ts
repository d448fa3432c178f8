import { describe, expect, it } from 'vitest'
import { parseConfig } from '../config/parse-config.js'
import type { HostFacts } from './host-facts.js'
import { planHost } from './plan-host.js'

const config = parseConfig(
  `clients: [ { interface: wg0 }, { interface: wg1 } ]
slices:
  - { address: 198.51.100.10, ports: 40000-40099 }
  - { address: 198.51.100.10, ports: 30000-30099 }
host: { widenPortRange: true }`,
  'fish.yaml',
)

function facts(sysctls: Record<string, string> = {}, groupId = 0): HostFacts {
  const defaults = { 'net/ipv4/ping_group_range': '1 0', 'net/ipv4/ip_local_port_range': '32768 60999' }
  return {
    interfaces: ['lo', 'wg0', 'wg1', 'fishtun'],
    groupId,
    groups: { first: 0, last: 4_294_967_294 },
    sysctls: new Map(Object.entries({ ...defaults, ...sysctls })),
  }
}

/** `key=value` of each planned sysctl, in order. */
const sysctls = (given: HostFacts) =>
  planHost(config, given).flatMap((change) =>
    change.kind === 'sysctl' ? `${change.key}=${change.value}` : [],
  )

describe('the plan of a host', () => {
  it('begins with the guards and ends with the local rule, after the rule that replaces it', () => {
    const kinds = planHost(config, facts()).map(({ kind }) => kind)
    expect([...new Set(kinds)]).toEqual([
      'nft-table',
      'sysctl',
      'address',
      'device',
      'route',
      'rule',
      'local-last',
    ])
  })

  it('names an address once, however many slices it has', () => {
    const addresses = planHost(config, facts()).filter(({ kind }) => kind === 'address')
    expect(addresses).toEqual([{ kind: 'address', interface: 'lo', address: '198.51.100.10/32' }])
  })

  it.each([
    ['1 0', 0, 'net/ipv4/ping_group_range=0 0'],
    ['1 0', 1000, 'net/ipv4/ping_group_range=1000 1000'],
    ['5 10', 0, 'net/ipv4/ping_group_range=0 10'],
    ['5 10', 20, 'net/ipv4/ping_group_range=5 20'],
  ])('lets group ping as well: %s and %i', (range, groupId, expected) => {
    expect(sysctls(facts({ 'net/ipv4/ping_group_range': range }, groupId))).toContain(expected)
  })

  it('writes no group that its user namespace cannot name', () => {
    const given = facts({ 'net/ipv4/ping_group_range': '65534 65534' }, 0)
    const planned = sysctls({ ...given, groups: { first: 0, last: 0 } })
    expect(planned).toContain('net/ipv4/ping_group_range=0 0')
  })

  it('leaves a range of groups alone that has ours', () => {
    const planned = sysctls(facts({ 'net/ipv4/ping_group_range': '0 2147483647' }, 1000))
    expect(planned.filter((change) => change.includes('ping_group_range'))).toEqual([])
  })

  it('widens the port range to the slices, and not where they lie inside', () => {
    expect(sysctls(facts())).toContain('net/ipv4/ip_local_port_range=30000 60999')
    const planned = sysctls(facts({ 'net/ipv4/ip_local_port_range': '1024 65535' }))
    expect(planned.filter((change) => change.includes('ip_local_port_range'))).toEqual([])
  })

  it('raises the filters of other interfaces before it lowers the one of all', () => {
    const planned = sysctls(
      facts({
        'net/ipv4/conf/all/rp_filter': '2',
        'net/ipv4/conf/wg0/rp_filter': '1',
        'net/ipv4/conf/wg1/rp_filter': '2',
      }),
    )
    expect(planned.filter((change) => change.includes('rp_filter'))).toEqual([
      'net/ipv4/conf/default/rp_filter=2',
      'net/ipv4/conf/lo/rp_filter=2',
      'net/ipv4/conf/wg0/rp_filter=2',
      'net/ipv4/conf/all/rp_filter=0',
      'net/ipv4/conf/fishtun/rp_filter=0',
    ])
  })
})
