import type { Config } from '../../config/config.js'
import { flowCapacity, OTHER_DESCRIPTORS } from '../flow-capacity.js'
import type { HostProblem } from '../host-problem.js'

/** Each flow may hold a descriptor. */
export function checkOpenFiles({ limits }: Config): HostProblem[] {
  const flows = flowCapacity(limits.flows)
  if (flows === limits.flows) return []
  return [
    {
      code: 'FD_LIMIT',
      message: `limits.flows is ${limits.flows}, but the limit of open files allows ${flows} flows`,
      hint: `ulimit -n ${limits.flows + OTHER_DESCRIPTORS} (for a service: LimitNOFILE=)`,
      severity: 'warning',
    },
  ]
}
