import type { NewFlow } from '../../flow/new-flow.js'
import type { TcpState } from '../../flow/protocol-info.js'
import { STATUS, statusBits } from '../../flow/status.js'
import type { OptionValues } from './option-table.js'
import { parseHex } from './parse-hex.js'
import { parseNatTarget } from './parse-nat-target.js'
import { optionalNumber, parseNumber } from './parse-number.js'
import { parseStatusNames } from './parse-status-names.js'
import { TUPLE_OPTIONS, tupleOf } from './tuple-options.js'

/** The words of a NewFlow. */
export const NEW_FLOW_OPTIONS = {
  ...TUPLE_OPTIONS,
  timeout: {
    type: 'string',
    short: 't',
    value: 'SECONDS',
    help: 'how long it lives without a packet; 120 by default',
  },
  state: { type: 'string', value: 'NAME', help: 'of TCP: SYN_SENT (the default), ESTABLISHED, …' },
  status: {
    type: 'string',
    short: 'u',
    value: 'NAME,…',
    help: 'beside CONFIRMED: SEEN_REPLY, ASSURED, FIXED_TIMEOUT',
  },
  mark: { type: 'string', short: 'm', value: 'MARK', help: 'decimal, or hexadecimal with 0x' },
  labels: { type: 'string', short: 'l', value: 'HEX', help: 'up to 16 bytes, a multiple of 4' },
  helper: { type: 'string', value: 'NAME', help: 'such as ftp' },
  'source-nat': {
    type: 'string',
    short: 'n',
    value: 'TARGET',
    help: 'translate the source to ADDRESS, ADDRESS:PORT, :PORT;',
  },
  'destination-nat': {
    type: 'string',
    short: 'g',
    value: 'TARGET',
    help: 'and the destination; each may be a range, FIRST-LAST',
  },
} as const

const DEFAULT_TIMEOUT_SECONDS = 120

/** The entry that the options describe: of TCP, by default, one whose first packet has not been sent. Throws UsageError. */
export function newFlowOf(values: OptionValues<typeof NEW_FLOW_OPTIONS>): NewFlow<string> {
  const original = tupleOf(values)
  const isTcp = original.protocol === 'tcp' || original.protocol === 6
  const state = values.state?.toUpperCase() ?? (isTcp ? 'SYN_SENT' : undefined)
  const status = values.status === undefined ? [] : parseStatusNames('status', values.status)
  const mark = optionalNumber('mark', values.mark)
  const zone = optionalNumber('zone', values.zone, 0xffff)
  const source = natOf(values, 'source-nat')
  const destination = natOf(values, 'destination-nat')
  return {
    original,
    timeoutSeconds:
      values.timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : parseNumber('timeout', values.timeout),
    status: statusBits(...status) | STATUS.CONFIRMED,
    ...(state !== undefined && { protocolInfo: { tcp: { state: state as TcpState } } }),
    ...(mark !== undefined && { mark }),
    ...(zone !== undefined && { zone }),
    ...(values.labels !== undefined && { labels: parseHex('labels', values.labels) }),
    ...(values.helper !== undefined && { helper: { name: values.helper } }),
    ...((source ?? destination) && {
      nat: { ...(source && { source }), ...(destination && { destination }) },
    }),
  }
}

function natOf(values: OptionValues<typeof NEW_FLOW_OPTIONS>, option: 'source-nat' | 'destination-nat') {
  const text = values[option]
  return text === undefined ? undefined : parseNatTarget(option, text)
}
