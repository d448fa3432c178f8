import type { Flow } from '../../flow/flow.js'
import { STATUS, statusNames } from '../../flow/status.js'
import type { Tuple } from '../../flow/tuple.js'
import type { Column } from './table.js'

/** CONFIRMED is always set, and the others follow from SRC_NAT and DST_NAT. */
const SILENT = STATUS.CONFIRMED | STATUS.SRC_NAT_DONE | STATUS.DST_NAT_DONE

/** A flow, or what is known of one that is expected. */
export type FlowRow = Omit<Flow, 'family' | 'reply'> & { reply?: Tuple | undefined }

/** The same columns for every flow. */
export const FLOW_COLUMNS: readonly Column<FlowRow>[] = [
  { name: 'PROTOCOL', width: 0, value: ({ original }) => original.protocol },
  { name: 'STATE', width: 11, value: stateOf },
  { name: 'TIMEOUT', width: 0, align: 'right', value: ({ timeout }) => timeout },
  { name: 'SOURCE', width: 21, value: ({ original }) => endOf(original, 'source') },
  { name: 'DESTINATION', width: 21, value: ({ original }) => endOf(original, 'destination') },
  { name: 'REPLY-SOURCE', width: 21, value: ({ reply }) => reply && endOf(reply, 'source') },
  { name: 'REPLY-DESTINATION', width: 21, value: ({ reply }) => reply && endOf(reply, 'destination') },
  { name: 'BYTES', width: 0, align: 'right', value: (flow) => total(flow, 'bytes') },
  { name: 'PACKETS', width: 0, align: 'right', value: (flow) => total(flow, 'packets') },
  { name: 'MARK', width: 0, align: 'right', value: ({ mark }) => mark },
  { name: 'ZONE', width: 0, align: 'right', value: zoneOf },
  { name: 'ID', width: 10, align: 'right', value: ({ id }) => id },
  { name: 'STATUS', width: 0, value: statusOf },
]

/** `192.0.2.1:80`, `[2001:db8::1]:80`, and without a port the address alone. */
export function endOf(tuple: Tuple, end: 'source' | 'destination'): string {
  const address = tuple[end]
  const port = tuple[`${end}Port`] ?? tuple.greKeys?.[end]
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function stateOf({ protocolInfo, original }: FlowRow): string | number | undefined {
  const info = protocolInfo?.tcp ?? protocolInfo?.sctp ?? protocolInfo?.dccp
  if (info) return info.state
  const { icmp } = original
  return icmp && `${icmp.type}/${icmp.code}/${icmp.id}`
}

function total({ counters }: FlowRow, field: 'packets' | 'bytes'): bigint | undefined {
  if (!counters) return undefined
  return (counters.original?.[field] ?? 0n) + (counters.reply?.[field] ?? 0n)
}

function zoneOf({ zone, original, reply }: FlowRow): string | number | undefined {
  if (zone !== undefined || (original.zone === undefined && reply?.zone === undefined)) return zone
  return `${original.zone ?? 0}/${reply?.zone ?? 0}`
}

function statusOf({ status }: FlowRow): string | undefined {
  return status === undefined ? undefined : statusNames(status & ~SILENT).join(',') || undefined
}
