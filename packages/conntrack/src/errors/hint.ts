import type { NewExpectation } from '../flow/expectation.js'
import type { FlowChange } from '../flow/flow-change.js'
import type { FlowKey } from '../flow/flow-key.js'
import type { NewFlow } from '../flow/new-flow.js'

/** What was asked for, as far as it explains a refusal. */
export type Attempt =
  | { operation: 'create'; flow: NewFlow; collision?: 'original' | 'reply' | undefined }
  | { operation: 'update'; flow: FlowKey; change: FlowChange }
  | { operation: 'get' | 'delete'; flow: FlowKey }
  | { operation: 'create expectation'; expectation: NewExpectation }
  | { operation: 'create many' | 'delete many' }
  | { operation: 'open' | 'dump' | 'flush' | 'statistics' | 'expectations' }

/** What usually helps. The kernel has words for wrong shapes only; what it means by a bare number is known here. */
export function hintFor(code: string, attempt: Attempt): string | undefined {
  const special =
    attempt.operation === 'create'
      ? createHint(code, attempt.flow, attempt.collision)
      : attempt.operation === 'update'
        ? updateHint(code, attempt.flow, attempt.change)
        : attempt.operation === 'create expectation'
          ? expectationHint(code, attempt.expectation)
          : undefined
  return special ?? generalHint(code)
}

function createHint(
  code: string,
  flow: NewFlow,
  collision: 'original' | 'reply' | undefined,
): string | undefined {
  switch (code) {
    case 'EEXIST':
      return existsHint(flow, collision)
    case 'EBUSY':
      return 'status must have CONFIRMED, and neither EXPECTED nor DYING'
    case 'ENOENT':
      return 'There is no entry with the tuple of master in this zone: create it first'
    case 'ENOMEM':
      return 'The table is full: compare statistics() and raise net.netfilter.nf_conntrack_max'
    case 'ENOSPC':
      return 'Too many entries share a hash chain: raise net.netfilter.nf_conntrack_buckets'
    case 'ENOTSUP':
      if (flow.helper) {
        return `The kernel has no helper '${flow.helper.name}' for this family and protocol: load nf_conntrack_${flow.helper.name}`
      }
      return flow.nat ? 'The kernel has no NAT for this family: load nf_nat' : undefined
    case 'ERANGE':
    case 'EINVAL':
      if (flow.zone && (flow.original.zone !== undefined || flow.reply?.zone !== undefined)) {
        return 'An entry has either one zone or a zone per direction'
      }
      if (flow.protocolInfo) return 'protocolInfo must be a state that the protocol of the tuples has'
      return 'Both tuples must be of the family and protocol that their addresses and fields say, with a timeout'
    default:
      return undefined
  }
}

function existsHint({ nat }: NewFlow, collision: 'original' | 'reply' | undefined): string {
  if (collision === 'original')
    return 'The original tuple is tracked already: update that entry, or delete it before'
  if (collision === 'reply') {
    return 'Another flow has the reply tuple: the port or the NAT target clashes, and no update would help'
  }
  return nat
    ? 'Another flow has the original tuple, or the reply tuple that the translation gives: choose another NAT target'
    : 'Another flow has the original or the reply tuple'
}

function updateHint(code: string, key: FlowKey, change: FlowChange): string | undefined {
  switch (code) {
    case 'ENOENT':
      return absentHint(key)
    case 'EBUSY':
      return change.helper
        ? 'The entry has another helper, or was expected by one: a helper can only be chosen at creation'
        : 'status must keep CONFIRMED and EXPECTED as they are; SEEN_REPLY and ASSURED can be set and never cleared'
    case 'ENOTSUP':
      return change.helper
        ? 'A helper can only be attached at creation, and its name must be known'
        : undefined
    case 'ENOSPC':
      return change.labels
        ? 'The entry has no room for labels: a rule of the namespace must use ct labels before it is made'
        : undefined
    case 'EPERM':
      return change.timeoutSeconds === undefined
        ? undefined
        : 'The entry has FIXED_TIMEOUT, or CAP_NET_ADMIN is missing in the user namespace that owns the network namespace'
    case 'ERANGE':
    case 'EINVAL':
      return change.protocolInfo
        ? 'protocolInfo must be a state that the protocol of the entry has'
        : undefined
    default:
      return undefined
  }
}

/** What to think of when an entry is not there. */
export function absentHint({ zone, id }: FlowKey): string {
  if (zone === undefined)
    return 'No such entry in zone 0: was the zone given? The same tuple in another zone is another entry'
  return id === undefined
    ? `No such entry in zone ${zone}`
    : `No such entry in zone ${zone}, or another one with the same tuple has taken its place`
}

function expectationHint(code: string, { helper }: NewExpectation): string | undefined {
  switch (code) {
    case 'ENOENT':
      return 'There is no entry with the tuple of master in this zone: create it first, with a helper'
    case 'ENOTSUP':
      return helper === undefined
        ? 'The master has no helper: only a flow that was made with one can expect others'
        : `The master has no helper, or the kernel has none of the name '${helper}' for this family and protocol`
    case 'EINVAL':
      return 'class must be one that the helper has, expectFunction one that the kernel knows'
    case 'EEXIST':
      return 'The same is expected already'
    case 'EBUSY':
      return 'Another expectation overlaps this one'
    case 'EMFILE':
      return 'The helper, or the table of expectations, allows no more: net.netfilter.nf_conntrack_expect_max'
    default:
      return undefined
  }
}

function generalHint(code: string): string | undefined {
  switch (code) {
    case 'EPERM':
      return 'Everything about connection tracking, reading included, needs CAP_NET_ADMIN in the user namespace that owns the network namespace'
    case 'ENOTSUP':
      return 'This kernel lacks the feature'
    case 'ENOBUFS':
      return 'The answer was lost in an overflow: read the entry back, and open with more receiveBufferBytes'
    case 'EINVAL':
      return 'A part of the request is not what this kernel takes'
    default:
      return undefined
  }
}
