import { openConntrack } from '../conntrack/open-conntrack.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath, TABLE_OPTIONS } from './options/common-options.js'
import { FILTER_OPTIONS, flowFilter } from './options/filter-options.js'
import { flowPrinter } from './render/flow-printer.js'

/** `conntrack -L`, with `--zero` `-L -z`. */
export const list = command({
  name: 'list',
  summary: 'print the entries that fit, all by default',
  usage: '[OPTIONS]',
  options: {
    ...FILTER_OPTIONS,
    zero: { type: 'boolean', short: 'z', help: 'set the counters of what is printed to zero' },
    ...TABLE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'list --protocol tcp --state ESTABLISHED --destination-port 443',
    'list --source 10.0.0.0/8 --status ASSURED --json',
  ],
  async run(values, output) {
    const filter = flowFilter(values)
    const printer = flowPrinter(values)
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    for await (const flows of table.dump(filter, { zeroCounters: values.zero === true }).batches()) {
      await output.print(printer(flows))
    }
    await output.print(printer([]))
    return EXIT.ok
  },
})
