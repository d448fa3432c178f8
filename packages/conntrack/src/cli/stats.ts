import { openConntrack } from '../conntrack/open-conntrack.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath, TABLE_OPTIONS } from './options/common-options.js'
import { counterColumns } from './render/counter-columns.js'
import { jsonLine } from './render/json-line.js'
import { Table } from './render/table.js'

/** `conntrack -S`, and with `--expectations` `conntrack -S expect`. */
export const stats = command({
  name: 'stats',
  summary: 'print what each CPU has counted',
  usage: '[OPTIONS]',
  options: {
    expectations: { type: 'boolean', help: 'of expectations' },
    ...TABLE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: ['stats', 'stats --json'],
  async run(values, output) {
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    const rows = values.expectations ? await table.expectationCpuStatistics() : await table.cpuStatistics()
    if (values.json) {
      await output.print(rows.map((row) => jsonLine(row)).join('\n'))
    } else {
      const header = !values['no-header']
      await output.print(new Table(counterColumns(rows), { header }).lines(rows))
    }
    return EXIT.ok
  },
})
