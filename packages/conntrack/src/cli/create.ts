import { openConntrack } from '../conntrack/open-conntrack.js'
import { isConntrackError } from '../errors/conntrack-error.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { NEW_FLOW_OPTIONS, newFlowOf } from './options/new-flow-options.js'
import { PROGRAM } from './program.js'
import { errorText } from './render/error-text.js'
import { flowRecord, jsonLine } from './render/json-line.js'

/** `conntrack -I`. */
export const create = command({
  name: 'create',
  summary: 'make an entry; status 1 if one of its tuples is taken',
  details:
    'Source and destination are those of the original direction before any translation. The reply direction follows\nfrom them. Translation needs nat chains in the namespace, and tracking a rule that looks at ct.',
  usage: '--source ADDRESS --destination ADDRESS [OPTIONS]',
  options: {
    ...NEW_FLOW_OPTIONS,
    'require-tracking': {
      type: 'boolean',
      help: 'refuse where no rule of nftables would make packets meet the entry',
    },
    ...COMMON_OPTIONS,
  },
  examples: [
    'create -s 192.0.2.1 --source-port 4000 -d 203.0.113.1 --destination-port 443',
    'create -s 10.0.0.2 --source-port 4000 -d 203.0.113.1 --destination-port 443 -n 198.51.100.10:9000-9009',
  ],
  async run(values, output) {
    const flow = newFlowOf(values)
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    try {
      await table.create(flow, { requireTracking: values['require-tracking'] === true })
    } catch (error) {
      if (!isConntrackError(error) || error.code !== 'EEXIST') throw error
      output.note(errorText(PROGRAM, error))
      return EXIT.no
    }
    if (!values.json) return EXIT.ok
    const { original, zone } = flow
    const created = await table.get({ original, zone })
    if (created) await output.print(jsonLine(flowRecord(created)))
    return EXIT.ok
  },
})
