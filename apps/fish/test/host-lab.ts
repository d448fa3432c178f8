import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLab, type Lab } from '@slatfatf/netns'

/*
 *   client ──────────── edge ──────────── inet
 *   10.64.0.2     wg0        up0     192.0.2.2
 *              10.64.0.1  192.0.2.1
 *                198.51.100.10 ports 40000-40099
 */

/** The namespaces of the host tests, with an empty state directory and the persistent device that a worker would have made. */
export interface HostLab {
  readonly lab: Lab
  /** The configuration as text; lines are added at its end. */
  config(...lines: string[]): string
  addDevice(): Promise<void>
  /** Everything that installing may change on the edge, as text. */
  snapshot(): Promise<string>
  close(): Promise<void>
}

export async function createHostLab(): Promise<HostLab> {
  const state = await mkdtemp(join(tmpdir(), 'fish-host-'))
  const lab = await createLab({
    namespaces: ['client', 'edge', 'inet'],
    links: [
      ['client', 'eth0', '10.64.0.2/24', 'edge', 'wg0', '10.64.0.1/24'],
      ['edge', 'up0', '192.0.2.1/24', 'inet', 'eth0', '192.0.2.2/24'],
    ],
  })
  await lab.ip('client', 'route', 'add', 'default', 'via', '10.64.0.1')
  await lab.ip('edge', 'route', 'add', 'default', 'via', '192.0.2.2')
  await lab.ip('inet', 'route', 'add', '198.51.100.10', 'via', '192.0.2.1')

  // Their duplicate address detection would change the snapshot by itself.
  for (const name of ['wg0', 'up0']) await lab.ip('edge', '-6', 'address', 'flush', 'dev', name)
  // In a user namespace the range that the kernel begins with is made of ids that nobody can write back.
  const groups = 'net/ipv4/ping_group_range'
  if ((await lab.sysctl('edge', groups)).startsWith('65534')) await lab.sysctl('edge', groups, '0 0')

  const commands: [string, ...string[]][] = [
    ['ip', '-details', 'rule'],
    ['ip', '-details', 'route', 'show', 'table', 'all'],
    ['ip', 'addr'],
    ['nft', 'list', 'ruleset'],
    ['find', '/proc/sys/net/ipv4', '-type', 'f', '-readable', '-exec', 'grep', '-s', '.', '{}', '+'],
  ]
  return {
    lab,
    config: (...lines) =>
      [
        'clients: [ { interface: wg0 } ]',
        'slices: [ { address: 198.51.100.10, ports: 40000-40099 } ]',
        `state: { directory: ${state} }`,
        ...lines,
      ].join('\n'),
    addDevice: async () => {
      await lab.ip('edge', 'tuntap', 'add', 'dev', 'fishtun', 'mode', 'tun')
    },
    snapshot: async () => {
      const parts = []
      for (const [command, ...args] of commands) parts.push((await lab.exec('edge', command, args)).stdout)
      return parts.join('\n')
    },
    close: async () => {
      await lab.close()
      await rm(state, { recursive: true, force: true })
    },
  }
}
