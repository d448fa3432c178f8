import { readFileSync } from 'node:fs'
import { isNetlinkError, type NetlinkConnection, PayloadWriter, readAttributes } from '@slatfatf/netlink'
import { AF_INET, AF_INET6 } from '../codec/constants.js'
import { readTracking } from '../conntrack/tracking.js'
import { isOwnNamespace } from './read-sysctl.js'

// include/uapi/linux/netfilter/nfnetlink_hook.h, include/uapi/linux/netfilter.h
const NFNL_MSG_HOOK_GET = 12 << 8
const NFNLA_HOOK_HOOKNUM = 1
const NFNLA_HOOK_FUNCTION_NAME = 4
const NF_INET_PRE_ROUTING = 0

/** What looks at the packets of one family. */
export interface Hooks {
  /** Undefined where it cannot be known. */
  isTracked: boolean | undefined
  hasNat: boolean | undefined
  /** How that is known. */
  source: 'hooks' | 'rules'
}

/**
 * Whether the namespace tracks, and translates, without sending a packet or making an entry.
 *
 * The kernel is asked which functions hang in prerouting (Linux 5.14, CONFIG_NETFILTER_NETLINK_HOOK, CONFIG_KALLSYMS); where it
 * does not say, the rules of nftables are read. What iptables has done is seen in the first case only; in the
 * second its tables in use make the answer unknown. Throws NetlinkError.
 */
export async function readHooks(
  connection: NetlinkConnection,
  family: 4 | 6,
  netns: string | number | undefined,
): Promise<Hooks> {
  const names = await hookNames(connection, family)
  if (names) {
    const has = (part: string) => names.some((name) => name.includes(part))
    return { isTracked: has('_conntrack_in'), hasNat: has('nf_nat_'), source: 'hooks' }
  }
  const { isTracked, hasNatChain } = await readTracking(connection, family)
  const mayBeIptables = usesIptables(family, netns) ?? true
  return {
    isTracked: isTracked || (mayBeIptables ? undefined : false),
    hasNat: hasNatChain || (mayBeIptables ? undefined : false),
    source: 'rules',
  }
}

/** Undefined where the kernel does not tell names. */
async function hookNames(connection: NetlinkConnection, family: 4 | 6): Promise<string[] | undefined> {
  const payload = new PayloadWriter()
    .raw(Uint8Array.of(family === 4 ? AF_INET : AF_INET6, 0, 0, 0))
    .uint32BE(NFNLA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING)
    .finish()
  let hooks = 0
  try {
    const names = await connection.dump(
      { type: NFNL_MSG_HOOK_GET, payload, operation: 'list hooks' },
      ({ payload }) => {
        hooks++
        for (const hook = readAttributes(payload, 4); hook.next(); ) {
          if (hook.type === NFNLA_HOOK_FUNCTION_NAME) return hook.text()
        }
        return undefined
      },
    )
    return names.length === hooks ? names : undefined
  } catch (error) {
    // It knows nothing of hooks.
    if (isNetlinkError(error) && error.errno !== undefined && error.syscall === undefined) return undefined
    throw error
  }
}

/** Whether tables of the old iptables are in use; undefined where it cannot be known. */
function usesIptables(family: 4 | 6, netns: string | number | undefined): boolean | undefined {
  if (!isOwnNamespace(netns)) return undefined
  try {
    const name = family === 4 ? 'ip_tables_names' : 'ip6_tables_names'
    return readFileSync(`/proc/thread-self/net/${name}`, 'latin1').trim() !== ''
  } catch (error) {
    // Without the module there is no such file.
    return (error as { code?: string }).code === 'ENOENT' ? false : undefined
  }
}
