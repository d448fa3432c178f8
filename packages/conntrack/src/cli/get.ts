import { openConntrack } from '../conntrack/open-conntrack.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath, TABLE_OPTIONS } from './options/common-options.js'
import { KEY_OPTIONS, keyOf } from './options/key-options.js'
import { flowPrinter } from './render/flow-printer.js'

/** `conntrack -G`. */
export const get = command({
  name: 'get',
  summary: 'print one entry; status 1 if there is none',
  usage: '--source ADDRESS --destination ADDRESS [OPTIONS]',
  options: { ...KEY_OPTIONS, ...TABLE_OPTIONS, ...COMMON_OPTIONS },
  examples: ['get -s 192.0.2.1 --source-port 4000 -d 198.51.100.1 --destination-port 443'],
  async run(values, output) {
    const key = keyOf(values)
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    const flow = await table.get(key)
    if (!flow) {
      output.note(key.zone === undefined ? 'no such entry in zone 0' : `no such entry in zone ${key.zone}`)
      return EXIT.no
    }
    await output.print(flowPrinter(values)([flow]))
    return EXIT.ok
  },
})
