import { BULK_OK, BULK_UNKNOWN, type BulkResult } from '@slatfatf/netlink'
import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_DELETE } from '../codec/constants.js'
import { writeFlowKey } from '../codec/encode-flow.js'
import { type ConntrackError, isConntrackError } from '../errors/conntrack-error.js'
import { conntrackError } from '../errors/refusal.js'
import type { FlowKey } from '../flow/flow-key.js'
import { Outcomes, sendAll, writeAll } from './bulk.js'
import type { PayloadList } from './payload-list.js'
import { attempt, type CallOptions, payloadOf, request, type Session } from './session.js'

export type DeleteOutcome = 'deleted' | 'already-gone' | 'error' | 'unknown'

export interface DeleteResult {
  /** In the order of the keys. */
  readonly outcomes: readonly DeleteOutcome[]
  readonly deleted: number
  /** There was no such entry, or another one with the same tuple. */
  readonly alreadyGone: number
  readonly failed: number
  /** The answer was lost: read them back. */
  readonly unknown: number
  /** Why, for each that failed or is unknown; made at the first use. */
  readonly errors: ReadonlyMap<number, ConntrackError>
}

const message = { type: IPCTNL_MSG_CT_DELETE, attributeNames: FLOW_ATTRIBUTES }
const ENOENT = -2

export async function deleteFlow(session: Session, key: FlowKey, options: CallOptions): Promise<boolean> {
  const payload = payloadOf((writer) => writeFlowKey(writer, key))
  try {
    await request(session, { operation: 'delete', flow: key }, { ...message, payload }, options)
    return true
  } catch (error) {
    if (isConntrackError(error) && error.code === 'ENOENT') return false
    throw error
  }
}

export async function deleteFlows(
  session: Session,
  keys: Iterable<FlowKey>,
  options: CallOptions,
): Promise<DeleteResult> {
  const { list, kept } = await writeAll('keys', keys, writeFlowKey, options)
  const result = await sendDeletes(session, list, options)
  const outcomes = new Outcomes<DeleteOutcome>(
    result,
    (outcome, index) =>
      outcome === BULK_OK
        ? 'deleted'
        : outcome === BULK_UNKNOWN
          ? 'unknown'
          : result.errnoAt(index) === ENOENT
            ? 'already-gone'
            : 'error',
    (index) => {
      const error = result.errnoAt(index) === ENOENT ? undefined : result.errorAt(index)
      return error && conntrackError(error, { operation: 'delete', flow: kept[index]! })
    },
  )
  const alreadyGone = countAlreadyGone(result)
  return {
    get outcomes() {
      return outcomes.names()
    },
    deleted: result.ok,
    alreadyGone,
    failed: result.error + result.exists - alreadyGone,
    unknown: result.unknown,
    get errors() {
      return outcomes.errors()
    },
  }
}

function countAlreadyGone(result: BulkResult): number {
  if (result.error === 0) return 0
  let count = 0
  for (let index = 0; index < result.outcomes.length; index++) {
    if (result.errnoAt(index) === ENOENT) count++
  }
  return count
}

export function sendDeletes(session: Session, list: PayloadList, options: CallOptions): Promise<BulkResult> {
  return attempt({ operation: 'delete many' }, () =>
    sendAll(session, list, { ...message, operation: 'delete' }, options),
  )
}
