import { ConntrackError } from '../errors/conntrack-error.js'
import { checkObject } from '../errors/invalid-argument.js'
import type { NewFlow } from '../flow/new-flow.js'
import { protocolNumber } from '../flow/protocol.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import { replyTuple } from './reply-tuple.js'
import { sameAddress } from './same-address.js'

/**
 * The reply tuple of an entry to be made: the inversion of its original, with the zone of the given one.
 *
 * A given tuple that is translated already is refused: the kernel would accept the entry, with NAT attributes or without,
 * and translate nothing. Throws ConntrackError `ERR_CONNTRACK_TRANSLATED_REPLY`.
 */
export function plainReply({ original, reply: given }: NewFlow): Tuple<AddressForm> {
  const plain = replyTuple(original)
  if (given === undefined) return plain
  checkObject('reply', given)
  const isPlain =
    sameAddress(plain.source, given.source) &&
    sameAddress(plain.destination, given.destination) &&
    protocolNumber(plain.protocol) === protocolNumber(given.protocol) &&
    plain.sourcePort === given.sourcePort &&
    plain.destinationPort === given.destinationPort &&
    plain.icmp?.type === given.icmp?.type &&
    plain.icmp?.code === given.icmp?.code &&
    plain.icmp?.id === given.icmp?.id &&
    plain.greKeys?.source === given.greKeys?.source &&
    plain.greKeys?.destination === given.greKeys?.destination
  if (isPlain) return given.zone === undefined ? plain : { ...plain, zone: given.zone }
  throw new ConntrackError('create: the reply tuple is not the inversion of the original', {
    code: 'ERR_CONNTRACK_TRANSLATED_REPLY',
    operation: 'create',
    hint: 'The kernel would take it and translate nothing: leave reply out and say in nat what is translated, or let toNewFlow(flow) do both for an entry read elsewhere',
    flow: { original, reply: given },
  })
}
