import type { FlowChange } from '../../flow/flow-change.js'
import type { TcpState } from '../../flow/protocol-info.js'
import { STATUS, statusBits } from '../../flow/status.js'
import { UsageError } from '../usage-error.js'
import type { OptionValues } from './option-table.js'
import { parseHex } from './parse-hex.js'
import { parseMark } from './parse-mark.js'
import { optionalNumber } from './parse-number.js'
import { parseStatusNames } from './parse-status-names.js'

/** The words of a FlowChange. */
export const CHANGE_OPTIONS = {
  timeout: { type: 'string', short: 't', value: 'SECONDS', help: 'from now' },
  mark: { type: 'string', short: 'm', value: 'MARK[/MASK]', help: 'with a mask only its bits are changed' },
  state: { type: 'string', value: 'NAME', help: 'state of TCP' },
  status: {
    type: 'string',
    short: 'u',
    value: 'NAME,…',
    help: 'bits to set: SEEN_REPLY, ASSURED, FIXED_TIMEOUT',
  },
  labels: { type: 'string', short: 'l', value: 'HEX', help: 'up to 16 bytes, a multiple of 4' },
} as const

/** The change that the options describe. Throws UsageError if they describe none. */
export function changeOf(values: OptionValues<typeof CHANGE_OPTIONS>): FlowChange {
  const timeoutSeconds = optionalNumber('timeout', values.timeout)
  const change: FlowChange = {
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(values.mark !== undefined && { mark: parseMark('mark', values.mark) }),
    ...(values.state !== undefined && {
      protocolInfo: { tcp: { state: values.state.toUpperCase() as TcpState } },
    }),
    ...(values.status !== undefined && {
      status: statusBits(...parseStatusNames('status', values.status)) | STATUS.CONFIRMED,
    }),
    ...(values.labels !== undefined && { labels: parseHex('labels', values.labels) }),
  }
  if (Object.keys(change).length > 0) return change
  throw new UsageError(`nothing to change: give one of --${Object.keys(CHANGE_OPTIONS).join(', --')}`)
}
