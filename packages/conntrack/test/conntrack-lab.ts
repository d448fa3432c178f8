import { createLab, type Lab } from '@slatfatf/netns'
import { type Conntrack, type NewFlow, openConntrack } from '../src/index.js'

// host: lo only, a rule that makes it track, empty nat chains
const tracking = `
  table inet tracking {
    chain look { type filter hook prerouting priority 0; ct state new ct label set 1 accept; }
    chain pre { type nat hook prerouting priority -100; }
    chain out { type nat hook output priority -100; }
    chain post { type nat hook postrouting priority 100; }
  }
`
  .replaceAll(/; (?=[a-z])/g, '\n')
  .replaceAll('{ ', '{\n')
  .replaceAll('; }', '\n}')

/** A namespace that tracks, and its table. */
export interface ConntrackLab {
  readonly lab: Lab
  readonly path: string
  readonly conntrack: Conntrack
  /** Empties the table and its expectations. */
  clear(): Promise<void>
  close(): Promise<void>
}

export async function openConntrackLab(): Promise<ConntrackLab> {
  const lab = await createLab({ namespaces: ['host'] })
  try {
    await lab.nft('host', tracking)
    for (const name of ['acct', 'timestamp'])
      await lab.sysctl('host', `net.netfilter.nf_conntrack_${name}`, '1')
    const path = lab.path('host')
    const conntrack = await openConntrack({ netns: path })
    return {
      lab,
      path,
      conntrack,
      clear: async () => {
        await conntrack.flushExpectations()
        await conntrack.flush()
      },
      close: async () => {
        await conntrack.close()
        await lab.close()
      },
    }
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** An entry of TCP from 10.0.0.0/8, another one for each number. */
export function numbered(number: number, more: Partial<NewFlow> = {}): NewFlow<string> {
  return {
    original: {
      source: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      destination: '198.51.100.1',
      protocol: 'tcp',
      sourcePort: 1024 + (number % 50_000),
      destinationPort: 443,
    },
    timeoutSeconds: 600,
    ...more,
  } as NewFlow<string>
}

export function numberedMany(
  count: number,
  more: (number: number) => Partial<NewFlow> = () => ({}),
): NewFlow<string>[] {
  return Array.from({ length: count }, (_, number) => numbered(number, more(number)))
}
