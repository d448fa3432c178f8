import { output } from '../harness/commands.mjs'
import { configure, connect, inside, removeNamespaces, renewNamespaces } from '../harness/namespaces.mjs'

/** Where everything is: documentation addresses (RFC 5737) and a private network for the client. */
export const LAB = {
  client: '10.64.0.2',
  clientPrefix: '10.64.0.0/24',
  clientInterface: 'wg0',
  uplink: 'up0',
  internet: '203.0.113.1',
  internetInterface: 'eth0',
  slice: { address: '198.51.100.10', first: 40000, last: 49999 },
}

/** Drawn once, printed with the figures. */
export const TOPOLOGY =
  'client 10.64.0.2 ── wg0 edge up0 ── 203.0.113.1 internet   (veth, MTU 1500, slice on lo of edge)'

const HOSTS = ['client', 'edge', 'internet']

/** @type {readonly (readonly [string, string])[]} */
const SETUP = [
  ['client', 'addr add 10.64.0.2/24 dev eth0'],
  ['client', 'link set eth0 up'],
  ['edge', 'addr add 10.64.0.1/24 dev wg0'],
  ['edge', 'link set wg0 up'],
  ['edge', 'addr add 203.0.113.2/24 dev up0'],
  ['edge', 'link set up0 up'],
  ['edge', 'addr add 198.51.100.10/32 dev lo'],
  ['internet', 'addr add 203.0.113.1/24 dev eth0'],
  ['internet', 'link set eth0 up'],
  ['client', 'route add default via 10.64.0.1'],
  ['edge', 'route add default via 203.0.113.1'],
  ['internet', 'route add 198.51.100.10 via 203.0.113.2'],
]

/** Three hosts and the two cables between them, new for each measurement. */
export async function buildLab() {
  await renewNamespaces(HOSTS)
  await connect('client', 'eth0', 'edge', 'wg0')
  await connect('edge', 'up0', 'internet', 'eth0')
  await configure(SETUP)
  await output(inside('edge', ['sysctl', '-qw', 'net.ipv4.ip_forward=1']))
}

export function removeLab() {
  return removeNamespaces(HOSTS)
}

/**
 * Whether GRO is on at the interfaces of edge, where it would merge packets before they are forwarded. A new veth has it
 * off; nothing here changes that.
 *
 * @returns {Promise<string>} For instance `off`.
 */
export async function readGro() {
  const states = new Set()
  for (const device of [LAB.clientInterface, LAB.uplink]) {
    try {
      const features = await output(inside('edge', ['ethtool', '--show-features', device]))
      states.add(/generic-receive-offload: (\w+)/.exec(features)?.[1] ?? 'unknown')
    } catch {
      states.add('off (default of veth, not verified: no ethtool)')
    }
  }
  return [...states].join(' and ')
}
