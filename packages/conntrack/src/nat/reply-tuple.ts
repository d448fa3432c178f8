import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import { isIcmp, PROTOCOL_NUMBERS, protocolNumber } from '../flow/protocol.js'
import type { AddressForm, IcmpFields, Tuple } from '../flow/tuple.js'

// Which type answers which: echo, timestamp, information and address mask; echo and node information.
const icmpAnswers = pairs([8, 0], [13, 14], [15, 16], [17, 18])
const icmpv6Answers = pairs([128, 129], [139, 140])

/**
 * The tuple of the other direction of a flow that is not translated: source and destination change places, an ICMP request
 * becomes its answer.
 *
 * This is what the kernel wants as reply tuple of a new entry, with NAT or without. Throws RangeError
 * `ERR_INVALID_ARG_VALUE` for an ICMP type that nothing answers. Source: `nf_ct_invert_tuple()`.
 */
export function replyTuple<A extends AddressForm>(original: Tuple<A>): Tuple<A> {
  if (typeof original !== 'object' || original === null) throw invalidType('original', 'a tuple', original)
  const { source, destination, protocol, sourcePort, destinationPort, icmp, greKeys, zone } = original
  if (icmp === undefined && greKeys === undefined && zone === undefined && sourcePort !== undefined) {
    return {
      source: destination,
      destination: source,
      protocol,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
    }
  }
  // A zone of one direction is of that direction alone.
  const reply: Tuple<A> = { source: destination, destination: source, protocol }
  if (sourcePort !== undefined) reply.destinationPort = sourcePort
  if (destinationPort !== undefined) reply.sourcePort = destinationPort
  if (icmp !== undefined) reply.icmp = answerOf(original, icmp)
  if (greKeys) reply.greKeys = { source: greKeys.destination, destination: greKeys.source }
  return reply
}

function answerOf({ protocol }: Tuple<AddressForm>, icmp: IcmpFields): IcmpFields {
  const number = protocolNumber(protocol)
  if (!isIcmp(number)) return icmp
  if (typeof icmp !== 'object' || icmp === null)
    throw invalidType('icmp', 'an object of type, code and id', icmp)
  const type = (number === PROTOCOL_NUMBERS.icmp ? icmpAnswers : icmpv6Answers).get(icmp.type)
  if (type === undefined) throw invalidValue('icmp.type', 'a request or an answer to one', icmp.type)
  return { type, code: icmp.code, id: icmp.id }
}

function pairs(...answers: [number, number][]): Map<number, number> {
  return new Map(
    answers.flatMap(([a, b]): [number, number][] => [
      [a, b],
      [b, a],
    ]),
  )
}
