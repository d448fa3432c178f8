import {
  type AttributeReader,
  isNetlinkError,
  type NetlinkConnection,
  readAttributes,
} from '@slatfatf/netlink'
import { familyHeader } from '../codec/header.js'
import { ConntrackError } from '../errors/conntrack-error.js'
import type { NewFlow } from '../flow/new-flow.js'
import { attempt, type CallOptions, type Session } from './session.js'

// include/uapi/linux/netfilter/nf_tables.h
const NFNL_SUBSYS_NFTABLES = 10 << 8
const NFT_MSG_GETCHAIN = NFNL_SUBSYS_NFTABLES | 4
const NFT_MSG_GETRULE = NFNL_SUBSYS_NFTABLES | 7
const NFTA_CHAIN_TYPE = 7
const NFTA_RULE_EXPRESSIONS = 4
const NFTA_LIST_ELEM = 1
const NFTA_EXPR_NAME = 1
const NFTA_EXPR_DATA = 2
/** `NFTA_MATCH_NAME` and `NFTA_TARGET_NAME` */
const XT_NAME = 1
const NFPROTO_INET = 1
const NFPROTO_IPV4 = 2
const NFPROTO_IPV6 = 10

/** Expressions that make a namespace track: each holds the hooks of connection tracking as long as its rule is there. */
const tracking = new Set(['ct', 'nat', 'masq', 'redir', 'connlimit', 'synproxy', 'flow_offload'])

/** The same for extensions of iptables, which iptables-nft writes into rules by their name. */
const trackingExtensions = new Set([
  'conntrack',
  'state',
  'connbytes',
  'connlabel',
  'connlimit',
  'connmark',
  'helper',
  'CONNMARK',
  'CT',
  'DNAT',
  'MASQUERADE',
  'NETMAP',
  'REDIRECT',
  'SNAT',
  'SYNPROXY',
])

/** What the rules of nftables make of the connection tracking of a family. */
export interface Tracking {
  /** Whether packets are tracked. Rules of the old iptables are not seen. */
  isTracked: boolean
  /** Whether there is a nat chain, without which a translation of an entry is not carried out. */
  hasNatChain: boolean
}

/** Reads the rules and chains of the namespace: two dumps, as cheap as the ruleset is small. Throws NetlinkError. */
export async function readTracking(
  connection: NetlinkConnection,
  family: 4 | 6,
  options: CallOptions = {},
): Promise<Tracking> {
  const signal = options.signal ? { signal: options.signal } : {}
  const isOurs = (payload: DataView) =>
    payload.getUint8(0) === NFPROTO_INET ||
    payload.getUint8(0) === (family === 4 ? NFPROTO_IPV4 : NFPROTO_IPV6)
  const ask = async (type: number, matches: (payload: DataView) => boolean) => {
    let found = false
    const request = { type, payload: familyHeader(undefined), operation: 'list rules' }
    await connection.dump<never>(
      request,
      ({ payload }) => {
        if (payload.byteLength >= 4 && isOurs(payload)) found ||= matches(payload)
        return undefined
      },
      signal,
    )
    return found
  }
  try {
    return {
      isTracked: await ask(NFT_MSG_GETRULE, usesTracking),
      hasNatChain: await ask(NFT_MSG_GETCHAIN, isNatChain),
    }
  } catch (error) {
    // A kernel without nftables.
    if (isNetlinkError(error) && error.code === 'EINVAL') return { isTracked: false, hasNatChain: false }
    throw error
  }
}

/** Rejects with `ERR_CONNTRACK_NOT_TRACKING` where entries like these would lie in the table and do nothing. */
export async function requireTracking(
  session: Session,
  flows: readonly NewFlow[],
  options: CallOptions,
): Promise<void> {
  for (const family of [4, 6] as const) {
    const ours = flows.filter(({ original }) => isFamily(original.source, family))
    if (ours.length === 0) continue
    const { isTracked, hasNatChain } = await attempt({ operation: 'create', flow: ours[0]! }, () =>
      readTracking(session.connection, family, options),
    )
    if (!isTracked) {
      throw notTracking(
        `nothing in this namespace tracks IPv${family}: no packet would meet the entry`,
        `A rule that looks at ct makes it: nft add rule inet filter forward ct state established,related accept`,
      )
    }
    if (!hasNatChain && ours.some(({ nat }) => nat)) {
      throw notTracking(
        `this namespace has no nat chain for IPv${family}: no packet would be translated`,
        'Add nat chains, empty ones will do: type nat hook prerouting and postrouting, for packets of this host output and input',
      )
    }
  }
}

function usesTracking(payload: DataView): boolean {
  for (const rule = readAttributes(payload, 4); rule.next(); ) {
    if (rule.type !== NFTA_RULE_EXPRESSIONS) continue
    for (const element = rule.nested(); element.next(); ) {
      if (element.type !== NFTA_LIST_ELEM) continue
      if (isTracking(element.nested())) return true
    }
  }
  return false
}

/** The name of an expression comes before its data. */
function isTracking(expression: AttributeReader): boolean {
  let name = ''
  while (expression.next()) {
    if (expression.type === NFTA_EXPR_NAME) {
      name = expression.text()
      if (tracking.has(name)) return true
    } else if (expression.type === NFTA_EXPR_DATA && (name === 'match' || name === 'target')) {
      for (const data = expression.nested(); data.next(); ) {
        if (data.type === XT_NAME && trackingExtensions.has(data.text())) return true
      }
    }
  }
  return false
}

function isNatChain(payload: DataView): boolean {
  for (const chain = readAttributes(payload, 4); chain.next(); ) {
    if (chain.type === NFTA_CHAIN_TYPE && chain.text() === 'nat') return true
  }
  return false
}

function isFamily(address: string | Uint8Array, family: 4 | 6): boolean {
  return (typeof address === 'string' ? address.includes(':') : address.length === 16) === (family === 6)
}

function notTracking(what: string, hint: string): ConntrackError {
  return new ConntrackError(`create: ${what}. ${hint}`, {
    code: 'ERR_CONNTRACK_NOT_TRACKING',
    operation: 'create',
    hint,
  })
}
