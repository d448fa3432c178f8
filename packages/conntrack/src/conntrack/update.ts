import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_NEW } from '../codec/constants.js'
import { writeFlowChange, writeFlowKey } from '../codec/encode-flow.js'
import { ConntrackError } from '../errors/conntrack-error.js'
import { absentHint } from '../errors/hint.js'
import { describeFlow } from '../errors/refusal.js'
import type { FlowChange } from '../flow/flow-change.js'
import type { FlowKey } from '../flow/flow-key.js'
import { getFlow } from './get.js'
import { type CallOptions, payloadOf, request, type Session } from './session.js'

const ENOENT = -2

export async function updateFlow(
  session: Session,
  key: FlowKey,
  change: FlowChange,
  options: CallOptions,
): Promise<void> {
  const payload = payloadOf((writer) => {
    writeFlowKey(writer, { original: key.original, reply: key.reply, zone: key.zone })
    writeFlowChange(writer, change)
  })
  // The kernel ignores the id of an update.
  if (key.id !== undefined && (await getFlow(session, key, options)) === undefined) throw absent(key)
  const message = { type: IPCTNL_MSG_CT_NEW, payload, attributeNames: FLOW_ATTRIBUTES }
  await request(session, { operation: 'update', flow: key, change }, message, options)
}

function absent(key: FlowKey): ConntrackError {
  const hint = absentHint(key)
  return new ConntrackError(`update ${describeFlow(key)}: no such entry [ENOENT]. ${hint}`, {
    code: 'ENOENT',
    errno: ENOENT,
    operation: 'update',
    hint,
    flow: key,
  })
}
