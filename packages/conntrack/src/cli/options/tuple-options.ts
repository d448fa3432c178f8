import type { IcmpFields, Tuple } from '../../flow/tuple.js'
import { UsageError } from '../usage-error.js'
import type { OptionValues } from './option-table.js'
import { parseNumber } from './parse-number.js'
import { parseProtocol } from './parse-protocol.js'

/** What names one direction of one entry. */
export const TUPLE_OPTIONS = {
  protocol: { type: 'string', short: 'p', value: 'NAME|NUMBER', help: 'tcp (the default), udp, icmp, …' },
  source: { type: 'string', short: 's', value: 'ADDRESS', help: 'source address' },
  destination: { type: 'string', short: 'd', value: 'ADDRESS', help: 'destination address' },
  'source-port': { type: 'string', value: 'PORT', help: 'source port' },
  'destination-port': { type: 'string', value: 'PORT', help: 'destination port' },
  icmp: { type: 'string', value: 'TYPE/CODE/ID', help: 'of ICMP and ICMPv6: 8/0/1234 is an echo request' },
  zone: { type: 'string', short: 'w', value: 'ZONE', help: 'part of the name of an entry that has one' },
} as const

/** The tuple that the options name. Throws UsageError. */
export function tupleOf(values: OptionValues<typeof TUPLE_OPTIONS>): Tuple {
  const { source, destination, icmp } = values
  if (source === undefined || destination === undefined) {
    throw new UsageError('--source and --destination are needed')
  }
  return {
    source,
    destination,
    protocol: parseProtocol('protocol', values.protocol ?? 'tcp'),
    ...(values['source-port'] !== undefined && {
      sourcePort: parseNumber('source-port', values['source-port'], 0xffff),
    }),
    ...(values['destination-port'] !== undefined && {
      destinationPort: parseNumber('destination-port', values['destination-port'], 0xffff),
    }),
    ...(icmp !== undefined && { icmp: parseIcmp(icmp) }),
  }
}

function parseIcmp(text: string): IcmpFields {
  const [type, code, id, more] = text.split('/')
  if (type === undefined || code === undefined || id === undefined || more !== undefined) {
    throw new UsageError(`--icmp takes TYPE/CODE/ID, not '${text}'`)
  }
  return {
    type: parseNumber('icmp', type, 0xff),
    code: parseNumber('icmp', code, 0xff),
    id: parseNumber('icmp', id, 0xffff),
  }
}
