import type { FlowKey } from '../../flow/flow-key.js'
import type { OptionValues } from './option-table.js'
import { optionalNumber } from './parse-number.js'
import { TUPLE_OPTIONS, tupleOf } from './tuple-options.js'

/** What finds one entry. */
export const KEY_OPTIONS = {
  ...TUPLE_OPTIONS,
  reply: { type: 'boolean', help: 'the addresses and ports are those of replies' },
  id: { type: 'string', value: 'ID', help: 'only if the entry has this id still' },
} as const

/** The key that the options name. Throws UsageError. */
export function keyOf(values: OptionValues<typeof KEY_OPTIONS>): FlowKey<string> {
  const tuple = tupleOf(values)
  const zone = optionalNumber('zone', values.zone, 0xffff)
  const id = optionalNumber('id', values.id)
  return {
    ...(values.reply ? { reply: tuple } : { original: tuple }),
    ...(zone !== undefined && { zone }),
    ...(id !== undefined && { id }),
  }
}
