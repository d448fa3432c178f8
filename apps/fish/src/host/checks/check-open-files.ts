import { readFile } from 'node:fs/promises'
import type { Config } from '../../config/config.js'
import type { HostProblem } from '../host-problem.js'

/** Descriptors that are no reservations: the device, sockets, files, and what Node itself needs. */
const otherDescriptors = 256

/** Each flow may hold a descriptor. */
export async function checkOpenFiles({ limits }: Config): Promise<HostProblem[]> {
  const text = await readFile('/proc/self/limits', 'utf8')
  const limit = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
  const flows = Math.max(1, limit - otherDescriptors)
  if (limits.flows <= flows) return []
  return [
    {
      code: 'FD_LIMIT',
      message: `limits.flows is ${limits.flows}, but ${limit} open files allow ${flows} flows`,
      hint: `ulimit -n ${limits.flows + otherDescriptors} (for a service: LimitNOFILE=)`,
      severity: 'warning',
    },
  ]
}
