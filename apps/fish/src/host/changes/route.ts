import type { RouteChange } from '../host-change.js'
import type { ChangeKind } from './change-kind.js'

export const route: ChangeKind<RouteChange, null> = {
  identify: ({ table, interface: name }) => `table ${table} dev ${name}`,
  readBefore: async () => null,
  async apply({ table, interface: name }, { route }) {
    await route.ensureRoute({ destination: 'default', table, interface: name })
  },
  async undo({ table, interface: name }, _before, { route }) {
    await route.removeRoute({ destination: 'default', table, interface: name })
  },
  async holds({ table, interface: name }, { route }) {
    const routes = await route.routes({ table, family: 4 })
    return routes.some((each) => each.destination === 'default' && each.interface === name)
  },
}
