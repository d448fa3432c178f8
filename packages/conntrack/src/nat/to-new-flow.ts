import type { Flow } from '../flow/flow.js'
import type { NatTarget, NewFlow } from '../flow/new-flow.js'
import { isIcmp, protocolNumber } from '../flow/protocol.js'
import { STATUS } from '../flow/status.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import { replyTuple } from './reply-tuple.js'
import { sameAddress } from './same-address.js'

const SETTABLE = STATUS.SEEN_REPLY | STATUS.ASSURED | STATUS.CONFIRMED | STATUS.FIXED_TIMEOUT

/**
 * What makes an entry like this one, here or on another machine: the translation that its reply tuple shows becomes `nat`,
 * and what the kernel sets by itself (id, counters, timestamps, uses) is left out.
 *
 * A master is kept; it must exist before. Of the status SEEN_REPLY, ASSURED and FIXED_TIMEOUT are kept.
 */
export function toNewFlow<A extends AddressForm>(flow: Flow<A>): NewFlow<A> {
  const { original, reply, status, mark, zone, protocolInfo, labels, helper, master } = flow
  const created: NewFlow<A> = { original, timeoutSeconds: Math.max(1, flow.timeout ?? 1) }
  if (reply.zone !== undefined) created.reply = { ...replyTuple(original), zone: reply.zone }
  const nat = natOf(original, reply)
  if (nat) created.nat = nat
  if (status !== undefined) created.status = (status & SETTABLE) | STATUS.CONFIRMED
  if (mark !== undefined) created.mark = mark
  if (zone !== undefined) created.zone = zone
  if (protocolInfo) created.protocolInfo = protocolInfo
  if (labels) created.labels = labels
  if (helper) created.helper = helper
  if (master) created.master = master
  if (flow.sequenceAdjustment) created.sequenceAdjustment = flow.sequenceAdjustment
  if (flow.synproxy) created.synproxy = flow.synproxy
  return created
}

/** The translation between two tuples; undefined if there is none. Replies come from where DNAT sent the flow. */
function natOf<A extends AddressForm>(original: Tuple<A>, reply: Tuple<A>): NewFlow<A>['nat'] {
  const plain = replyTuple(original)
  const destination = targetOf(plain.source, reply.source, first(plain), first(reply))
  const source = targetOf(plain.destination, reply.destination, second(plain), second(reply))
  if (!source && !destination) return undefined
  return { ...(source && { source }), ...(destination && { destination }) }
}

function targetOf<A extends AddressForm>(
  plainAddress: A,
  address: A,
  plainPort: number | undefined,
  port: number | undefined,
): NatTarget<A> | undefined {
  const isMoved = !sameAddress(plainAddress, address)
  if (!isMoved && plainPort === port) return undefined
  return { ...(isMoved && { address }), ...(port !== undefined && { port }) }
}

/** What a port is to the protocol, at the source of a reply. */
function first(tuple: Tuple<AddressForm>): number | undefined {
  return tuple.sourcePort ?? tuple.greKeys?.source
}

/** The same at its destination; the echo identifier is translated with the source. */
function second(tuple: Tuple<AddressForm>): number | undefined {
  if (isIcmp(protocolNumber(tuple.protocol))) return tuple.icmp?.id
  return tuple.destinationPort ?? tuple.greKeys?.destination
}
