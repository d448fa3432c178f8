import { formatIpAddress, parseIpAddress } from '@slatfatf/netlink'
import { checkObject, invalidType, invalidValue } from '../errors/invalid-argument.js'
import type { Flow } from '../flow/flow.js'
import type { FlowKey } from '../flow/flow-key.js'
import { protocolName, protocolNumber } from '../flow/protocol.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'

/** What no other entry has at the same time: the original tuple, and the zone of that direction. The id is a mere hash. */
export function flowKeyText({ original, zone }: Flow): string {
  return tupleText(original, zone)
}

/** The same for a key that somebody wrote: addresses in any form. Throws TypeError or RangeError. */
export function givenKeyText(key: FlowKey): string {
  checkObject('key', key)
  const { original, zone } = key
  if (original === undefined) throw invalidType('key.original', 'a tuple: the table is kept by it', original)
  checkObject('key.original', original)
  const protocol = protocolNumber(original.protocol)
  if (protocol === undefined) throw invalidValue('key.original.protocol', 'a protocol', original.protocol)
  return tupleText(
    {
      ...original,
      protocol: protocolName(protocol),
      source: addressText('key.original.source', original.source),
      destination: addressText('key.original.destination', original.destination),
    },
    zone,
  )
}

function tupleText(tuple: Tuple, zone: number | undefined): string {
  const { source, destination, protocol, sourcePort, destinationPort, icmp, greKeys } = tuple
  // Joined rather than added up: the latter makes a tree of strings that costs several times as much.
  const parts: (string | number | undefined)[] = [
    protocol,
    source,
    sourcePort,
    destination,
    destinationPort,
    zone ?? tuple.zone ?? 0,
  ]
  if (icmp) parts.push(icmp.type, icmp.code, icmp.id)
  else if (greKeys) parts.push(greKeys.source, greKeys.destination)
  return parts.join(' ')
}

function addressText(name: string, address: AddressForm): string {
  const bytes = typeof address === 'string' ? parseIpAddress(address) : address
  if (!(bytes instanceof Uint8Array) || (bytes.length !== 4 && bytes.length !== 16)) {
    throw invalidValue(name, 'an IP address', address)
  }
  return formatIpAddress(bytes)
}
