import type { Rule } from '@slatfatf/netlink'
import type { RuleChange } from '../host-change.js'
import type { ChangeKind } from './change-kind.js'

export const rule: ChangeKind<RuleChange, null> = {
  identify: ({ kind: _, ...key }) => JSON.stringify(key),
  readBefore: async () => null,
  async apply({ kind: _, ...key }, { route }) {
    await route.ensureRule({ ...key, family: 4 })
  },
  async undo({ kind: _, ...key }, _before, { route }) {
    await route.removeRule({ ...key, family: 4 })
  },
  holds: async (change, { route }) => (await route.rules()).some((found) => matchesRule(found, change)),
}

/** Whether a rule of the kernel is exactly the planned one. */
export function matchesRule(
  found: Rule,
  { priority, table, mark, inputInterface }: Omit<RuleChange, 'kind'>,
): boolean {
  const conditions = found.from ?? found.to ?? found.outputInterface
  return (
    found.family === 4 &&
    found.action === 'lookup' &&
    found.priority === priority &&
    found.table === table &&
    found.mark === mark &&
    found.inputInterface === inputInterface &&
    conditions === undefined
  )
}
