import { type LabHost, on, output } from './commands.js'

/** Where everything is. Documentation addresses only (RFC 5737) and a private network for the client. */
export const LAB = {
  client: '10.64.0.2',
  clientInterface: 'wg0',
  uplink: 'up0',
  origin: '203.0.113.1',
  slice: { address: '198.51.100.10', first: 9000, last: 9009 },
} as const

const SETUP: readonly (readonly [LabHost, string])[] = [
  ['client', 'addr add 10.64.0.2/24 dev eth0'],
  ['client', 'link set eth0 up'],
  ['edge', 'addr add 10.64.0.1/24 dev wg0'],
  ['edge', 'link set wg0 up'],
  ['edge', 'addr add 203.0.113.2/24 dev up0'],
  ['edge', 'link set up0 up'],
  ['internet', 'addr add 203.0.113.1/24 dev eth0'],
  ['internet', 'link set eth0 up'],
  ['client', 'route add default via 10.64.0.1'],
  ['edge', 'route add default via 203.0.113.1'],
  ['internet', 'route add 198.51.100.10 via 203.0.113.2'],
]

/** Builds the three hosts and the two cables between them. They end with the enclosure. */
export async function buildTopology(): Promise<void> {
  for (const host of ['client', 'edge', 'internet'] as const) {
    await output('ip', 'netns', 'add', host)
    await output('ip', '-n', host, 'link', 'set', 'lo', 'up')
  }
  await cable('client', 'eth0', 'edge', 'wg0')
  await cable('edge', 'up0', 'internet', 'eth0')
  // A user namespace can change the kernel's first, empty range of ping groups, but not write it back.
  await on('edge', 'sysctl', '--quiet', 'net.ipv4.ping_group_range=0 0')
  for (const [host, command] of SETUP) await output('ip', '-n', host, ...command.split(' '))
}

async function cable(a: LabHost, aDevice: string, b: LabHost, bDevice: string): Promise<void> {
  await output('ip', 'link', 'add', aDevice, 'netns', a, 'type', 'veth', 'peer', 'name', bDevice, 'netns', b)
  // No IPv6: its link-local addresses and routes come by themselves, and the lab compares the host before and after.
  await on(a, 'sysctl', '--quiet', '--ignore', `net.ipv6.conf.${aDevice}.disable_ipv6=1`)
  await on(b, 'sysctl', '--quiet', '--ignore', `net.ipv6.conf.${bDevice}.disable_ipv6=1`)
}
