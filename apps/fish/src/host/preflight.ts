import { openRouteSocket } from '@slatfatf/netlink'
import type { Config } from '../config/config.js'
import { checkDevice } from './checks/check-device.js'
import { checkOpenFiles } from './checks/check-open-files.js'
import { checkPrivileges } from './checks/check-privileges.js'
import { checkRouting } from './checks/check-routing.js'
import { checkSlices } from './checks/check-slices.js'
import { checkSysctls } from './checks/check-sysctls.js'
import { readFacts } from './host-facts.js'
import type { HostProblem } from './host-problem.js'

export type { HostProblem }

/**
 * Says what of this host keeps fish from working with this configuration; changes nothing.
 *
 * What a crashed fish left behind is no problem: the next start takes it over. Needs no capability to run; without CAP_NET_ADMIN that
 * is one of the problems.
 */
export async function preflight(config: Config): Promise<HostProblem[]> {
  if (process.platform !== 'linux') {
    const hint = 'run it on Linux 6.3 or later'
    return [{ code: 'UNSUPPORTED_PLATFORM', message: 'fish works on Linux only', hint, severity: 'error' }]
  }
  const facts = await readFacts()
  const route = await openRouteSocket()
  try {
    return [
      ...(await checkPrivileges(config)),
      ...(await checkDevice(config, route)),
      ...(await checkRouting(config, route)),
      ...(await checkSlices(config, facts, route)),
      ...(await checkSysctls(facts)),
      ...checkOpenFiles(config),
    ]
  } finally {
    await route.close()
  }
}
