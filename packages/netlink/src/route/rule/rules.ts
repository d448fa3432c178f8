import { isDeepStrictEqual } from 'node:util'
import { checkFamily, type IpFamily } from '../../codec/ip-prefix.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../../constants.js'
import { checkKnown } from '../../errors/invalid-argument.js'
import { isNetlinkError, NetlinkError } from '../../errors/netlink-error.js'
import { familiesOf } from '../address-family.js'
import * as rt from '../constants.js'
import { routeProtocol } from '../kernel-name.js'
import {
  type DecodedRule,
  decodeRule,
  encodeRule,
  encodeRuleFilter,
  parseRuleOptions,
  type Rule,
  type RuleOptions,
} from './rule.js'

export interface RuleFilter {
  family?: IpFamily | undefined
}

export async function listRules(connection: NetlinkConnection, filter: RuleFilter = {}): Promise<Rule[]> {
  checkKnown('filter', filter, ['family'])
  checkFamily(filter.family)
  const rules: DecodedRule[][] = []
  for (const family of familiesOf(filter.family)) rules.push(await dumpRules(connection, family))
  return rules.flat().map(({ rule }) => rule)
}

export async function ensureRule(connection: NetlinkConnection, options: RuleOptions): Promise<boolean> {
  const rule = parseRuleOptions(options)
  const origin = routeProtocol.number(options.protocol ?? 'static')
  // NLM_F_EXCL decides who was first, but some kernels count a rule of another origin as another rule.
  if ((await dumpRules(connection, rule.family)).some(isRule(rule))) return false
  const operation = `RTM_NEWRULE priority ${rule.priority}`
  const flags = NLM_F_CREATE | NLM_F_EXCL
  try {
    const payload = encodeRule(rule, origin)
    await connection.request({ type: rt.RTM_NEWRULE, flags, payload, operation })
    return true
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.EEXIST) return false
    throw error
  }
}

export async function removeRule(connection: NetlinkConnection, options: RuleOptions): Promise<boolean> {
  const rule = parseRuleOptions(options)
  const operation = `RTM_DELRULE priority ${rule.priority}`
  // The kernel removes the first rule that has what is named, whatever else it has: see that it is the one meant.
  const rules = await dumpRules(connection, rule.family)
  if (!rules.some(isRule(rule))) return false
  const first = rules.find((candidate) => includesRule(candidate.rule, rule))
  if (!first || !isRule(rule)(first)) throw ambiguousRuleError(operation)
  try {
    await connection.request({ type: rt.RTM_DELRULE, payload: encodeRule(rule), operation })
    return true
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENOENT) return false
    throw error
  }
}

function dumpRules(connection: NetlinkConnection, family: IpFamily): Promise<DecodedRule[]> {
  const request = { type: rt.RTM_GETRULE, payload: encodeRuleFilter(family), operation: 'RTM_GETRULE' }
  return connection.dump(request, (message) => decodeRule(message, family))
}

function isRule(wanted: Rule) {
  return ({ rule, hasOtherConditions }: DecodedRule) => !hasOtherConditions && isDeepStrictEqual(rule, wanted)
}

function includesRule(candidate: Rule, named: Rule): boolean {
  return Object.entries(named).every(([field, value]) => candidate[field as keyof Rule] === value)
}

function ambiguousRuleError(operation: string): NetlinkError {
  const hint = 'Give rules that differ only in their conditions different priorities'
  return new NetlinkError(
    `${operation}: the kernel would remove another rule with more conditions. ${hint}`,
    {
      code: 'ERR_NETLINK_AMBIGUOUS_RULE',
      operation,
      hint,
    },
  )
}
