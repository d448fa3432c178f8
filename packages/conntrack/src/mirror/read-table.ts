import { isNetlinkError, type NetlinkConnection } from '@slatfatf/netlink'
import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_GET } from '../codec/constants.js'
import { decodeFlow } from '../codec/decode-flow.js'
import { writeKernelFilter } from '../codec/encode-filter.js'
import { payloadOf } from '../conntrack/session.js'
import type { CompiledFilter } from '../filter/compile-filter.js'
import type { KernelFilter } from '../filter/kernel-filter.js'
import type { Flow } from '../flow/flow.js'

/**
 * Dumps what fits on the socket that events come by, so that both come in one order. Rejects with NetlinkError.
 */
export async function readTable(
  connection: NetlinkConnection,
  { kernel, matches }: CompiledFilter,
  read: (flow: Flow) => void,
): Promise<void> {
  const dump = (asked: KernelFilter) =>
    connection.dump<never>(
      {
        type: IPCTNL_MSG_CT_GET,
        payload: payloadOf((writer) => writeKernelFilter(writer, asked)),
        operation: 'dump',
        attributeNames: FLOW_ATTRIBUTES,
      },
      ({ payload }) => {
        const flow = decodeFlow(payload)
        if (matches(flow)) read(flow)
        return undefined
      },
    )
  try {
    await dump(kernel)
  } catch (error) {
    const isRefused = isNetlinkError(error) && (error.code === 'EINVAL' || error.code === 'ENOTSUP')
    // A kernel that cannot compare something says so; what it returns is compared here anyway.
    if (!isRefused || Object.keys(kernel).length === 0) throw error
    await dump({})
  }
}
