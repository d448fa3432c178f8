import { Buffer } from 'node:buffer'
import { checkFamily, type IpFamily } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { familiesOf, familyOf } from '../address-family.js'
import * as rt from '../constants.js'
import { decodeRule, encodeRuleFilter, type Rule } from '../rule/rule.js'
import { checkWatchArguments, openWatch, type WatchOptions } from './open-watch.js'
import { Watch, type WatchListener, type WatchSource } from './watch.js'

export interface WatchRulesOptions extends WatchOptions {
  /** @default both */
  family?: IpFamily | undefined
}

/** A rule never changes: it is there or it is not. */
export type RuleListener = Omit<WatchListener<Rule>, 'changed'>

/**
 * Tells what happens to the rules of one network namespace, until the watch is closed. Equals `ip monitor rule`.
 *
 * Resolves when the rules that are there have been read into `watch.rules`; the listener hears of all that comes after.
 * Rules that are there twice count as one.
 *
 * Requires Linux 4.20, no capability. Rejects as {@link watchLinks} does. See rtnetlink(7), net/core/fib_rules.c.
 */
export async function watchRules(
  listener: RuleListener,
  options: WatchRulesOptions = {},
): Promise<RuleWatch> {
  checkWatchArguments(listener, options, ['family'])
  checkFamily(options.family)
  const groups = familiesOf(options.family).map((family) =>
    family === 4 ? rt.RTNLGRP_IPV4_RULE : rt.RTNLGRP_IPV6_RULE,
  )
  return openWatch(
    groups,
    options,
    (connection, ref) => new RuleWatch(connection, listener, ref, options.family),
  )
}

/** The rules of one namespace, kept up to date; made by {@link watchRules}. */
export class RuleWatch extends Watch<string, Rule> {
  /** @internal */
  constructor(
    connection: NetlinkConnection,
    listener: RuleListener,
    ref: boolean,
    family: IpFamily | undefined,
  ) {
    super(connection, ruleSource(family), listener, ref)
  }

  /** As they were told last, IPv4 first, in the order in which they are tried; a new array each time. */
  get rules(): Rule[] {
    return [...this.entries.values()].sort((a, b) => a.family - b.family || a.priority - b.priority)
  }
}

function ruleSource(wanted: IpFamily | undefined): WatchSource<string, Rule> {
  // The kernel takes the same rule any number of times; of these, a removal leaves the others.
  const doubled = new Set<string>()
  return {
    async read(connection) {
      const rules = new Map<string, Rule>()
      for (const family of familiesOf(wanted)) {
        const request = { type: rt.RTM_GETRULE, payload: encodeRuleFilter(family), operation: 'RTM_GETRULE' }
        const decode = (message: NetlinkMessage): [string, Rule] | undefined => {
          const decoded = decodeRule(message, family)
          return decoded && [keyOf(message), decoded.rule]
        }
        for (const [key, rule] of await connection.dump(request, decode)) {
          if (rules.has(key)) doubled.add(key)
          rules.set(key, rule)
        }
      }
      return rules
    },
    decode(message, entries) {
      if (message.type !== rt.RTM_NEWRULE && message.type !== rt.RTM_DELRULE) return undefined
      const family = familyOf(message)
      if (family === undefined || (wanted !== undefined && family !== wanted)) return undefined
      const decoded = decodeRule(message, family)
      if (decoded === undefined) return undefined
      const key = keyOf(message)
      const isGone = message.type === rt.RTM_DELRULE
      if (isGone && doubled.has(key)) return 'unclear'
      if (!isGone && entries.has(key)) doubled.add(key)
      return { key, entry: decoded.rule, isGone }
    },
  }
}

/** The whole message, since {@link Rule} does not show all conditions; without what the kernel alone sets, and tells nobody. */
function keyOf({ payload }: NetlinkMessage): string {
  const bytes = Buffer.from(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength))
  bytes[8]! &= ~(rt.FIB_RULE_UNRESOLVED | rt.FIB_RULE_IIF_DETACHED | rt.FIB_RULE_OIF_DETACHED)
  return bytes.toString('latin1')
}
