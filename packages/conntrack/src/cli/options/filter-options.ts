import { compileFilter } from '../../filter/compile-filter.js'
import type { FlowFilter, TupleFilter } from '../../filter/flow-filter.js'
import type { TcpState } from '../../flow/protocol-info.js'
import { UsageError } from '../usage-error.js'
import type { OptionValues } from './option-table.js'
import { parseHex } from './parse-hex.js'
import { parseMark } from './parse-mark.js'
import { optionalNumber } from './parse-number.js'
import { parsePortRange } from './parse-port-range.js'
import { parseProtocol } from './parse-protocol.js'
import { parseStatusNames } from './parse-status-names.js'

/** The words of a FlowFilter. */
export const FILTER_OPTIONS = {
  family: { type: 'string', short: 'f', value: '4|6', help: 'IPv4 or IPv6; known from addresses' },
  protocol: { type: 'string', short: 'p', value: 'NAME|NUMBER', help: 'tcp, udp, icmp, …' },
  source: { type: 'string', short: 's', value: 'ADDRESS[/LENGTH]', help: 'source of the original direction' },
  destination: { type: 'string', short: 'd', value: 'ADDRESS[/LENGTH]', help: 'its destination' },
  'source-port': { type: 'string', value: 'PORT[-PORT]', help: 'its source port' },
  'destination-port': { type: 'string', value: 'PORT[-PORT]', help: 'its destination port' },
  'reply-source': { type: 'string', short: 'r', value: 'ADDRESS[/LENGTH]', help: 'the same of replies' },
  'reply-destination': { type: 'string', short: 'q', value: 'ADDRESS[/LENGTH]', help: '' },
  'reply-source-port': { type: 'string', value: 'PORT[-PORT]', help: '' },
  'reply-destination-port': { type: 'string', value: 'PORT[-PORT]', help: '' },
  mark: { type: 'string', short: 'm', value: 'MARK[/MASK]', help: 'decimal, or hexadecimal with 0x' },
  status: {
    type: 'string',
    short: 'u',
    value: 'NAME,…',
    help: 'bits that must be set: ASSURED, SEEN_REPLY, …',
  },
  'not-status': { type: 'string', value: 'NAME,…', help: 'bits that must not be set' },
  state: { type: 'string', value: 'NAME', help: 'state of TCP: ESTABLISHED, …' },
  zone: { type: 'string', short: 'w', value: 'ZONE', help: '0 means entries without one' },
  labels: {
    type: 'string',
    short: 'l',
    value: 'HEX',
    help: 'labels that must be set; the first byte has the labels 0 to 7',
  },
} as const

/** The filter that the options make; empty without any. Throws UsageError, RangeError. */
export function flowFilter(values: OptionValues<typeof FILTER_OPTIONS>): FlowFilter {
  const reply = tupleFilter(values, 'reply-')
  const set = values.status === undefined ? undefined : parseStatusNames('status', values.status)
  const clear =
    values['not-status'] === undefined ? undefined : parseStatusNames('not-status', values['not-status'])
  const zone = optionalNumber('zone', values.zone, 0xffff)
  const filter: FlowFilter = {
    ...(values.family !== undefined && { family: parseFamily(values.family) }),
    ...(values.protocol !== undefined && { protocol: parseProtocol('protocol', values.protocol) }),
    ...tupleFilter(values, ''),
    ...(Object.keys(reply).length > 0 && { reply }),
    ...(values.mark !== undefined && { mark: parseMark('mark', values.mark) }),
    ...((set ?? clear) && { status: { ...(set && { set }), ...(clear && { clear }) } }),
    ...(values.state !== undefined && { tcpState: values.state.toUpperCase() as TcpState }),
    ...(zone !== undefined && { zone }),
    ...(values.labels !== undefined && { labels: parseHex('labels', values.labels) }),
  }
  // Wrong use is told before anything is opened.
  compileFilter(filter)
  return filter
}

export function isEmptyFilter(filter: FlowFilter): boolean {
  return Object.keys(filter).length === 0
}

function tupleFilter(values: OptionValues<typeof FILTER_OPTIONS>, prefix: '' | 'reply-'): TupleFilter {
  const source = values[`${prefix}source`]
  const destination = values[`${prefix}destination`]
  const sourcePort = values[`${prefix}source-port`]
  const destinationPort = values[`${prefix}destination-port`]
  return {
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
    ...(sourcePort !== undefined && { sourcePort: parsePortRange(`${prefix}source-port`, sourcePort) }),
    ...(destinationPort !== undefined && {
      destinationPort: parsePortRange(`${prefix}destination-port`, destinationPort),
    }),
  }
}

function parseFamily(text: string): 4 | 6 {
  if (text === '4' || text === 'ipv4') return 4
  if (text === '6' || text === 'ipv6') return 6
  throw new UsageError(`--family takes 4 or 6, not '${text}'`)
}
