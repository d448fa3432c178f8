import type { LocalLastChange } from '../host-change.js'
import type { ChangeKind, ChangeTools } from './change-kind.js'
import { matchesRule } from './rule.js'

/** RT_TABLE_LOCAL: the addresses of the host itself. */
export const localTable = 255

/** The rule every namespace starts with, fib_default_rules_init() in net/ipv4/fib_rules.c. */
const first = { priority: 0, table: localTable }

interface LocalBefore {
  readonly wasFirst: boolean
}

export const localLast: ChangeKind<LocalLastChange, LocalBefore> = {
  identify: () => 'local rule',
  readBefore: async (_change, tools) => ({ wasFirst: await isFirst(tools) }),
  async apply(_change, { route }) {
    await route.removeRule({ ...first, family: 4 })
  },
  async undo(_change, { wasFirst }, { route }) {
    if (wasFirst) await route.ensureRule({ ...first, family: 4, protocol: 'kernel' })
  },
  holds: async (_change, tools) => !(await isFirst(tools)),
}

async function isFirst({ route }: ChangeTools): Promise<boolean> {
  return (await route.rules()).some((found) => matchesRule(found, first))
}
