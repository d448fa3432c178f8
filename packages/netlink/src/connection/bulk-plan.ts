import type { PayloadWriter } from '../codec/payload-writer.js'
import type { BulkPlan } from './bulk.js'
import { type BulkOptions, MESSAGES_PER_DATAGRAM } from './bulk-options.js'
import type { NetlinkRequest } from './exchange.js'

export function bulkPlan(
  count: number,
  write: (index: number, writer: PayloadWriter) => void,
  options: BulkOptions,
): BulkPlan {
  const { type, flags = 0, operation = `message type ${type}`, attributeNames, reply } = options
  return {
    count,
    messagesPerDatagram: options.messagesPerDatagram ?? MESSAGES_PER_DATAGRAM,
    type: () => type,
    flags: () => flags,
    operation: (index) => (typeof operation === 'string' ? operation : operation(index)),
    attributeNames: () => attributeNames,
    write,
    reply,
  }
}

export function batchPlan(requests: readonly NetlinkRequest[]): BulkPlan {
  return {
    count: requests.length,
    messagesPerDatagram: MESSAGES_PER_DATAGRAM,
    type: (index) => requests[index]!.type,
    flags: (index) => requests[index]!.flags ?? 0,
    operation: (index) => requests[index]!.operation ?? `message type ${requests[index]!.type}`,
    attributeNames: (index) => requests[index]!.attributeNames,
    write(index, writer) {
      const { payload } = requests[index]!
      if (payload) writer.raw(payload)
    },
  }
}
