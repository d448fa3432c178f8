import { openConntrack } from '../conntrack/open-conntrack.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { FILTER_OPTIONS, flowFilter, isEmptyFilter } from './options/filter-options.js'
import { jsonLine } from './render/json-line.js'

/** `conntrack -C`; with a filter, the number of those that fit. */
export const count = command({
  name: 'count',
  summary: 'print how many entries there are, or how many fit',
  usage: '[FILTER] [OPTIONS]',
  options: { ...FILTER_OPTIONS, ...COMMON_OPTIONS },
  examples: ['count', 'count --protocol tcp --state TIME_WAIT'],
  async run(values, output) {
    const filter = flowFilter(values)
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    const { entries, maxEntries } = await table.statistics()
    if (isEmptyFilter(filter)) {
      await output.print(values.json ? jsonLine({ entries, maxEntries }) : String(entries))
      return EXIT.ok
    }
    let matching = 0
    for await (const flows of table.dump(filter, { addresses: 'bytes' }).batches()) matching += flows.length
    await output.print(values.json ? jsonLine({ matching, entries, maxEntries }) : String(matching))
    return EXIT.ok
  },
})
