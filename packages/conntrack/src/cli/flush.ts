import { openConntrack } from '../conntrack/open-conntrack.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { FILTER_OPTIONS, flowFilter, isEmptyFilter } from './options/filter-options.js'
import { jsonLine } from './render/json-line.js'

/** `conntrack -F`. */
export const flush = command({
  name: 'flush',
  summary: 'empty the table, or delete what fits without counting it',
  details:
    'The kernel does it in one request where it is known to heed the filter; else it is done one by one.',
  usage: '[FILTER] [OPTIONS]',
  options: { ...FILTER_OPTIONS, ...COMMON_OPTIONS },
  examples: ['flush', 'flush --mark 0x100/0xf00', 'flush --family 6'],
  async run(values, output) {
    const filter = flowFilter(values)
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    const result = await table.flush(isEmptyFilter(filter) ? undefined : filter)
    const { method, deleted, alreadyGone } = result
    if (values.json) await output.print(jsonLine(result))
    else if (method === 'kernel') await output.print('flushed by the kernel, which does not count')
    else await output.print(`${deleted} deleted${alreadyGone ? `, ${alreadyGone} already gone` : ''}`)
    return EXIT.ok
  },
})
