import { type AttributeReader, readAttributes } from '../../codec/attribute-reader.js'
import {
  checkFamily,
  formatPrefix,
  type IpFamily,
  type IpPrefix,
  parsePrefixArgument,
} from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import { PayloadWriter } from '../../codec/payload-writer.js'
import { checkInteger, checkKnown, invalidValue } from '../../errors/invalid-argument.js'
import { familyNumber } from '../address-family.js'
import * as rt from '../constants.js'
import { checkInterfaceName } from '../interface-argument.js'
import { type RouteProtocol, type RuleAction, ruleAction } from '../kernel-name.js'

/** A rule of policy routing. Equals a line of `ip rule show`. */
export interface Rule {
  /** Rules are tried from 0 upwards. */
  priority: number
  /** 0 when the action is not `lookup`. */
  table: number
  mark?: number
  mask?: number
  inputInterface?: string
  outputInterface?: string
  from?: string
  to?: string
  action: RuleAction
  family: IpFamily
}

export interface RuleOptions {
  priority: number
  table: number
  /** @default any mark */
  mark?: number | undefined
  /** @default all bits, if there is a mark */
  mask?: number | undefined
  inputInterface?: string | undefined
  outputInterface?: string | undefined
  from?: string | undefined
  to?: string | undefined
  /** Who is said to have made the rule; never compared. @default 'static' */
  protocol?: RouteProtocol | undefined
  /** @default that of `from` or `to`, else 4 */
  family?: IpFamily | undefined
}

/** A rule of the kernel, and whether it has conditions that {@link Rule} does not show. */
export interface DecodedRule {
  rule: Rule
  hasOtherConditions: boolean
}

const MAX_UINT32 = 0xffffffff
const HEADER_BYTES = 12
// `action` may come along when a rule that was read is given back.
const optionNames = [
  ...['priority', 'table', 'mark', 'mask', 'inputInterface', 'outputInterface', 'from', 'to'],
  ...['protocol', 'family', 'action'],
]

/** Checks and completes what the user gave: the rule as the kernel would list it. Throws TypeError or RangeError. */
export function parseRuleOptions(options: RuleOptions): Rule {
  checkKnown('options', options, optionNames)
  checkFamily(options.family)
  checkInteger('priority', options.priority, MAX_UINT32)
  checkInteger('table', options.table, MAX_UINT32)
  if (options.table === 0) throw invalidValue('table', 'the number of a table, from 1', 0)
  const { from, to, family } = parseSelectors(options)
  const rule: Rule = { priority: options.priority, table: options.table, action: 'lookup', family }
  if (from) rule.from = formatPrefix(from)
  if (to) rule.to = formatPrefix(to)
  if (options.mark !== undefined) checkInteger('mark', options.mark, MAX_UINT32)
  if (options.mask !== undefined) checkInteger('mask', options.mask, MAX_UINT32)
  const mark = options.mark ?? 0
  const mask = options.mask ?? (mark === 0 ? 0 : MAX_UINT32)
  if (mark !== 0 || mask !== 0) Object.assign(rule, { mark, mask })
  if (options.inputInterface !== undefined) {
    checkInterfaceName('inputInterface', options.inputInterface)
    rule.inputInterface = options.inputInterface
  }
  if (options.outputInterface !== undefined) {
    checkInterfaceName('outputInterface', options.outputInterface)
    rule.outputInterface = options.outputInterface
  }
  return rule
}

export function decodeRule({ payload }: NetlinkMessage, family: IpFamily): DecodedRule | undefined {
  const attributes = readAttributes(payload, HEADER_BYTES)
  // A kernel without one family answers for all others.
  if (payload.getUint8(0) !== familyNumber(family)) return undefined
  const lengths = { to: payload.getUint8(1), from: payload.getUint8(2) }
  const rule: Rule = {
    // The kernel leaves a priority of 0 out.
    priority: 0,
    table: payload.getUint8(4),
    action: ruleAction.name(payload.getUint8(7)),
    family,
  }
  const typeOfService = payload.getUint8(3)
  const inverted = (payload.getUint32(8, true) & rt.FIB_RULE_INVERT) !== 0
  let hasOtherConditions = typeOfService !== 0 || inverted
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.FRA_PRIORITY) rule.priority = a.uint32()
    else if (a.type === rt.FRA_TABLE) rule.table = a.uint32()
    else if (a.type === rt.FRA_FWMARK) rule.mark = a.uint32()
    else if (a.type === rt.FRA_FWMASK) rule.mask = a.uint32()
    else if (a.type === rt.FRA_IIFNAME) rule.inputInterface = a.text()
    else if (a.type === rt.FRA_OIFNAME) rule.outputInterface = a.text()
    else if (a.type === rt.FRA_SRC) rule.from = `${a.ipAddress()}/${lengths.from}`
    else if (a.type === rt.FRA_DST) rule.to = `${a.ipAddress()}/${lengths.to}`
    else if (isOtherCondition(a)) hasOtherConditions = true
  }
  if (rule.mask !== undefined) rule.mark ??= 0
  return { rule, hasOtherConditions }
}

/** struct fib_rule_hdr and its attributes. A removal names no origin: it would not be compared by every kernel. */
export function encodeRule(rule: Rule, origin?: number): Uint8Array {
  const { from, to } = parseSelectors(rule)
  const header = new Uint8Array(HEADER_BYTES)
  header[0] = familyNumber(rule.family)
  header[1] = to?.length ?? 0
  header[2] = from?.length ?? 0
  header[4] = rule.table < 256 ? rule.table : 0
  header[7] = ruleAction.number(rule.action)
  const writer = new PayloadWriter(header)
    .uint32(rt.FRA_PRIORITY, rule.priority)
    .uint32(rt.FRA_TABLE, rule.table)
  if (from) writer.bytes(rt.FRA_SRC, from.bytes)
  if (to) writer.bytes(rt.FRA_DST, to.bytes)
  if (rule.mark !== undefined) writer.uint32(rt.FRA_FWMARK, rule.mark)
  if (rule.mask !== undefined) writer.uint32(rt.FRA_FWMASK, rule.mask)
  if (rule.inputInterface !== undefined) writer.text(rt.FRA_IIFNAME, rule.inputInterface)
  if (rule.outputInterface !== undefined) writer.text(rt.FRA_OIFNAME, rule.outputInterface)
  if (origin !== undefined) writer.uint8(rt.FRA_PROTOCOL, origin)
  return writer.finish()
}

export function encodeRuleFilter(family: IpFamily): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header[0] = familyNumber(family)
  return header
}

interface Selectors {
  from: IpPrefix | undefined
  to: IpPrefix | undefined
  family: IpFamily
}

function parseSelectors(options: {
  from?: string | undefined
  to?: string | undefined
  family?: IpFamily | undefined
}): Selectors {
  const from = options.from === undefined ? undefined : parsePrefixArgument('from', options.from)
  const to = options.to === undefined ? undefined : parsePrefixArgument('to', options.to)
  const family = options.family ?? from?.family ?? to?.family ?? 4
  if (from && from.family !== family) throw invalidValue('from', `an IPv${family} network`, options.from)
  if (to && to.family !== family) throw invalidValue('to', `an IPv${family} network`, options.to)
  // Zero bits of an address are no condition, and the kernel does not keep them.
  return { from: from?.length ? from : undefined, to: to?.length ? to : undefined, family }
}

/** Conditions without a field in Rule. The kernel writes some of them even when they say nothing. */
function isOtherCondition(attribute: AttributeReader): boolean {
  switch (attribute.type) {
    case rt.FRA_PROTOCOL:
    case rt.FRA_PAD:
      return false
    case rt.FRA_SUPPRESS_PREFIXLEN:
    case rt.FRA_SUPPRESS_IFGROUP:
      return attribute.int32() !== -1
    case rt.FRA_L3MDEV:
      return attribute.uint8() !== 0
    case rt.FRA_FLOW:
      return attribute.uint32() !== 0
    default:
      return true
  }
}
