import { BULK_OK, type BulkResult } from '@slatfatf/netlink'
import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_DELETE } from '../codec/constants.js'
import { writeKernelFilter } from '../codec/encode-filter.js'
import { writeFlowKey } from '../codec/encode-flow.js'
import { invalidValue } from '../errors/invalid-argument.js'
import { conntrackError } from '../errors/refusal.js'
import { compileFilter } from '../filter/compile-filter.js'
import type { FlowFilter } from '../filter/flow-filter.js'
import { sendDeletes } from './delete.js'
import { FlowDump } from './dump.js'
import { isHonoured } from './is-honoured.js'
import { PayloadList } from './payload-list.js'
import { type CallOptions, payloadOf, request, type Session } from './session.js'

export interface FlushResult {
  /** Whether the kernel chose by itself, or was told one entry after the other. */
  method: 'kernel' | 'one-by-one'
  /** Only known one by one: the kernel does not count. */
  deleted?: number | undefined
  /** Those that ended, or were born anew, between reading and deleting. */
  alreadyGone?: number | undefined
}

const ENOENT = -2

export async function flushFlows(
  session: Session,
  filter: FlowFilter | undefined,
  options: CallOptions,
): Promise<FlushResult> {
  const compiled = compileFilter(filter)
  // { source: undefined } is what is left of a filter whose value was not found: nobody means everything by it.
  if (filter !== undefined && compiled.isEmpty) {
    throw invalidValue('filter', 'a filter with a condition, or left out to empty the table', filter)
  }
  if (
    compiled.isEmpty ||
    (compiled.isExact && (await isHonoured(session, 'flush', compiled.kernel, options)))
  ) {
    const payload = payloadOf((writer) => writeKernelFilter(writer, compiled.kernel))
    const message = { type: IPCTNL_MSG_CT_DELETE, payload, attributeNames: FLOW_ATTRIBUTES }
    await request(session, { operation: 'flush' }, message, options)
    return { method: 'kernel' }
  }
  // All is read before the first is deleted: a dump that loses its place would give entries twice.
  const list = new PayloadList()
  for await (const batch of new FlowDump(session, compiled, options).batches()) {
    for (const { original, zone, id } of batch) {
      writeFlowKey(list, { original, zone, id })
      list.endPayload()
    }
  }
  const result = await sendDeletes(session, list, options)
  return { method: 'one-by-one', ...countDeletes(result) }
}

function countDeletes(result: BulkResult): { deleted: number; alreadyGone: number } {
  let alreadyGone = 0
  for (let index = 0; index < result.outcomes.length; index++) {
    if (result.outcomes[index] === BULK_OK) continue
    if (result.errnoAt(index) !== ENOENT) throw conntrackError(result.errorAt(index)!, { operation: 'flush' })
    alreadyGone++
  }
  return { deleted: result.ok, alreadyGone }
}
