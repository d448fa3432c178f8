import type { Conntrack } from '../conntrack/conntrack.js'
import { openConntrack } from '../conntrack/open-conntrack.js'
import type { FlowFilter } from '../filter/flow-filter.js'
import type { FlowKey } from '../flow/flow-key.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { FILTER_OPTIONS, flowFilter, isEmptyFilter } from './options/filter-options.js'
import { optionalNumber } from './options/parse-number.js'
import { jsonLine } from './render/json-line.js'
import { UsageError } from './usage-error.js'

/** `conntrack -D`. */
export const remove = command({
  name: 'delete',
  summary: 'delete the entries that fit, and count them; status 1 if there was none',
  details: 'Each is deleted by its tuple, zone and id: an entry that was born meanwhile is left alone.',
  usage: 'FILTER [OPTIONS]',
  options: {
    ...FILTER_OPTIONS,
    id: { type: 'string', value: 'ID', help: 'the entry with this id' },
    ...COMMON_OPTIONS,
  },
  examples: ['delete --source 10.0.0.2', 'delete -p udp --destination-port 53 --json'],
  async run(values, output) {
    const filter = flowFilter(values)
    const id = optionalNumber('id', values.id)
    if (isEmptyFilter(filter) && id === undefined) {
      throw new UsageError("say which entries, or use 'flush' for all of them")
    }
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    const result = await table.deleteMany(await keysOf(table, filter, id))
    const { deleted, alreadyGone, failed, unknown } = result
    if (values.json) {
      await output.print(jsonLine({ deleted, alreadyGone, failed, unknown }))
    } else {
      await output.print(`${deleted} deleted${alreadyGone > 0 ? `, ${alreadyGone} already gone` : ''}`)
      if (unknown > 0) output.note(`of ${unknown} the answer was lost: list them again`)
    }
    const [refusal] = result.errors.values()
    if (refusal) throw refusal
    return deleted > 0 ? EXIT.ok : EXIT.no
  },
})

/** All keys, before the first entry is deleted: a dump loses its place when entries go. */
async function keysOf(table: Conntrack, filter: FlowFilter, wanted: number | undefined): Promise<FlowKey[]> {
  const keys: FlowKey[] = []
  for await (const flows of table.dump(filter, { addresses: 'bytes' }).batches()) {
    for (const { original, zone, id } of flows) {
      if (wanted === undefined || id === wanted) keys.push({ original, zone, id })
    }
  }
  return keys
}
