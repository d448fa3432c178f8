import type { RouteSocket, Rule } from '@slatfatf/netlink'
import type { Config } from '../../config/config.js'
import { matchesRule } from '../changes/rule.js'
import type { HostProblem } from '../host-problem.js'
import { planRules } from '../plan-host.js'

/** The clients' interfaces are there, and our tables and priorities are nobody else's. */
export async function checkRouting(config: Config, route: RouteSocket): Promise<HostProblem[]> {
  return [
    ...(await missingClients(config, route)),
    ...(await takenTables(config, route)),
    ...(await takenPriorities(config, route)),
  ]
}

async function missingClients({ clients }: Config, route: RouteSocket): Promise<HostProblem[]> {
  const names = new Set((await route.links()).map(({ name }) => name))
  return clients
    .filter((client) => !names.has(client.interface))
    .map((client) => ({
      code: 'CLIENT_MISSING',
      message: `there is no interface ${client.interface}`,
      hint: 'bring it up before fish (for a service: After= and Requires= its unit), or correct clients',
      severity: 'error',
    }))
}

async function takenTables({ routing, device }: Config, route: RouteSocket): Promise<HostProblem[]> {
  const problems: HostProblem[] = []
  for (const [key, table] of [
    ['table', routing.table],
    ['clientTable', routing.clientTable],
  ] as const) {
    const routes = await route.routes({ table, family: 4 })
    const foreign = routes.find(
      ({ destination, interface: name }) => destination !== 'default' || name !== device.name,
    )
    if (!foreign) continue
    const where = `${foreign.destination}${foreign.interface ? ` dev ${foreign.interface}` : ''}`
    problems.push({
      code: 'TABLE_IN_USE',
      message: `routing table ${table} already has a route: ${where}`,
      hint: `give routing.${key} the number of an empty table`,
      severity: 'error',
    })
  }
  return problems
}

async function takenPriorities({ routing, clients }: Config, route: RouteSocket): Promise<HostProblem[]> {
  const ours = planRules(routing, clients)
  const { priority } = routing
  const isForeign = (found: Rule) =>
    found.family === 4 &&
    found.priority >= priority &&
    found.priority <= priority + 2 &&
    !ours.some((rule) => matchesRule(found, rule))
  return (await route.rules()).filter(isForeign).map((found) => ({
    code: 'PRIORITY_IN_USE',
    message: `there is already a rule of priority ${found.priority}; fish uses ${priority} to ${priority + 2}`,
    hint: 'see `ip rule`, and give routing.priority a number with two free ones after it',
    severity: 'error',
  }))
}
