import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_GET } from '../codec/constants.js'
import { decodeFlow } from '../codec/decode-flow.js'
import { writeFlowKey } from '../codec/encode-flow.js'
import { isConntrackError } from '../errors/conntrack-error.js'
import type { Flow } from '../flow/flow.js'
import type { FlowKey } from '../flow/flow-key.js'
import { type CallOptions, payloadOf, request, type Session } from './session.js'

export async function getFlow(
  session: Session,
  key: FlowKey,
  options: CallOptions,
): Promise<Flow | undefined> {
  const payload = payloadOf((writer) => writeFlowKey(writer, key))
  try {
    const message = { type: IPCTNL_MSG_CT_GET, payload, attributeNames: FLOW_ATTRIBUTES }
    const [flow] = await request(session, { operation: 'get', flow: key }, message, options, (reply) =>
      decodeFlow(reply.payload),
    )
    // The kernel does not compare the id here.
    return key.id === undefined || flow?.id === key.id ? flow : undefined
  } catch (error) {
    if (isConntrackError(error) && error.code === 'ENOENT') return undefined
    throw error
  }
}
