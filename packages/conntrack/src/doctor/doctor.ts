import { attempt, openSession, type Session } from '../conntrack/session.js'
import { readStatistics } from '../conntrack/statistics.js'
import { type ConntrackError, isConntrackError } from '../errors/conntrack-error.js'
import { checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { DEFAULT_RECEIVE_BUFFER_BYTES } from '../events/open-events.js'
import { checkFilters } from './check-filters.js'
import { checkSettings } from './check-settings.js'
import { type Finding, finding } from './finding.js'
import { type Hooks, readHooks } from './read-hooks.js'

/** What connection tracking is wanted for. */
export type Need = 'tracking' | 'nat' | 'events' | 'counters' | 'timestamps'

export interface DoctorOptions {
  /** Path of a network namespace, or the number of an open descriptor of one. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string | number | undefined
  /** What is not needed is looked at all the same, and is never wrong. @default ['tracking', 'nat', 'events'] */
  needs?: readonly Need[] | undefined
}

const known = new Set(['netns', 'needs'])
const ALL_NEEDS: readonly Need[] = ['tracking', 'nat', 'events', 'counters', 'timestamps']

/**
 * Looks at what this kernel and a network namespace allow, and says what is in the way and which command removes it.
 *
 * Changes nothing and sends nothing: no packet, no entry. What can be tried is tried. If the table cannot be asked, the only
 * finding says why. Settings of a namespace that the calling thread is not in cannot be read, and are said to be unknown.
 *
 * Some milliseconds, and as much as it takes to read the ruleset. The checks: `platform`, `namespace`, `capability`, `ctnetlink`,
 * `tracking`, `nat`, `event-mode`, `accounting`, `timestamps`, `table-size`, `buckets`, `receive-buffer`, `kernel-filters`,
 * `ipv6-filter`. Rejects with TypeError or RangeError for wrong options.
 */
export async function doctor(options: DoctorOptions = {}): Promise<Finding[]> {
  checkKnown('options', options, known)
  const { netns, needs = ['tracking', 'nat', 'events'] } = options
  if (!Array.isArray(needs)) throw invalidType('needs', 'an array', needs)
  for (const need of needs) {
    if (!ALL_NEEDS.includes(need)) throw invalidValue('needs', `some of ${ALL_NEEDS.join(', ')}`, need)
  }
  let session: Session
  try {
    session = await openSession({ netns, receiveBufferBytes: DEFAULT_RECEIVE_BUFFER_BYTES })
  } catch (error) {
    if (!isConntrackError(error)) throw error
    return [openFinding(error)]
  }
  try {
    return await examine(session, netns, new Set(needs))
  } finally {
    await session.close()
  }
}

async function examine(
  session: Session,
  netns: string | number | undefined,
  needs: ReadonlySet<string>,
): Promise<Finding[]> {
  const { connection } = session
  try {
    const statistics = await readStatistics(session, {})
    const hooks = await attempt({ operation: 'dump' }, async () => [
      await readHooks(connection, 4, netns),
      await readHooks(connection, 6, netns),
    ])
    return [
      access(true, 'requests are answered'),
      ctnetlink(true, 'there'),
      ...checkHooks(hooks, needs),
      ...checkSettings(netns, needs, statistics),
      receiveBuffer(connection.receiveBufferBytes),
      ...(await checkFilters(session)),
    ]
  } catch (error) {
    if (!isConntrackError(error)) throw error
    if (error.code === 'EPERM') return [access(false, error.message)]
    if (error.code === 'EINVAL') return [access(true, 'requests are answered'), ctnetlink(false, 'not there')]
    throw error
  }
}

function openFinding(error: ConntrackError): Finding {
  const { code, hint, message } = error
  const affects = 'Everything'
  if (code === 'ERR_UNSUPPORTED_PLATFORM') {
    return finding('platform', {
      ok: false,
      found: message,
      wanted: 'Linux, and an addon for it',
      affects,
      ...(hint && { fix: hint }),
    })
  }
  if (code === 'EPROTONOSUPPORT') return ctnetlink(false, message)
  const fix =
    code === 'EPERM'
      ? 'Entering a namespace takes CAP_SYS_ADMIN'
      : (hint ?? 'Give the path of a network namespace')
  return finding('namespace', {
    ok: false,
    found: message,
    wanted: 'a namespace that can be entered',
    affects,
    fix,
  })
}

function access(ok: boolean, found: string): Finding {
  return finding('capability', {
    ok,
    found,
    wanted: 'CAP_NET_ADMIN in the user namespace that owns the network namespace',
    affects: 'Everything, reading included',
    fix: 'Run as root, or give the program the capability: setcap cap_net_admin+ep',
  })
}

function ctnetlink(ok: boolean, found: string): Finding {
  return finding('ctnetlink', {
    ok,
    found,
    wanted: 'nf_conntrack_netlink (CONFIG_NF_CT_NETLINK)',
    affects: 'Everything',
    fix: 'modprobe nf_conntrack_netlink',
  })
}

function checkHooks(hooks: readonly Hooks[], needs: ReadonlySet<string>): Finding[] {
  const families = (['IPv4', 'IPv6'] as const).map((name, index) => ({ name, ...hooks[index]! }))
  const describe = (key: 'isTracked' | 'hasNat', yes: string, no: string) =>
    families
      .map(({ name, source, ...hook }) => {
        const value = hook[key]
        if (value === undefined)
          return `${name} unknown (the rules of nftables say no, those of iptables are not seen)`
        return `${name} ${value ? yes : no} (by ${source === 'hooks' ? 'the hooks' : 'the rules'})`
      })
      .join(', ')
  return [
    finding('tracking', {
      ok: !needs.has('tracking') || families.some(({ isTracked }) => isTracked),
      found: describe('isTracked', 'is tracked', 'is not tracked'),
      wanted: 'a rule that looks at ct, in a table of the family',
      affects: 'Packets meet no entry, and make none',
      fix: "nft 'add table inet tracking; add chain inet tracking look { type filter hook prerouting priority 0; }; add rule inet tracking look ct state new accept'",
    }),
    finding('nat', {
      ok: !needs.has('nat') || families.some(({ hasNat }) => hasNat),
      found: describe('hasNat', 'has nat chains', 'has no nat chain'),
      wanted: 'a nat chain, an empty one will do, in each hook that packets pass',
      affects: 'Entries with a translation are there, and nothing is translated',
      fix: "nft 'add table inet translation; add chain inet translation pre { type nat hook prerouting priority -100; }; add chain inet translation post { type nat hook postrouting priority 100; }'",
    }),
  ]
}

function receiveBuffer(bytes: number): Finding {
  return finding('receive-buffer', {
    ok: bytes >= DEFAULT_RECEIVE_BUFFER_BYTES,
    found: `${bytes} bytes were given of ${DEFAULT_RECEIVE_BUFFER_BYTES}`,
    wanted: `${DEFAULT_RECEIVE_BUFFER_BYTES} bytes`,
    affects: 'Events: the smaller the room, the sooner some are lost',
    fix: `sysctl -w net.core.rmem_max=${DEFAULT_RECEIVE_BUFFER_BYTES}`,
  })
}
