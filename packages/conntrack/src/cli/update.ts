import { openConntrack } from '../conntrack/open-conntrack.js'
import { isConntrackError } from '../errors/conntrack-error.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { CHANGE_OPTIONS, changeOf } from './options/change-options.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { KEY_OPTIONS, keyOf } from './options/key-options.js'
import { PROGRAM } from './program.js'
import { errorText } from './render/error-text.js'

const { json: _, ...options } = { ...KEY_OPTIONS, ...CHANGE_OPTIONS, ...COMMON_OPTIONS }

/** `conntrack -U`. */
export const update = command({
  name: 'update',
  summary: 'change one entry; status 1 if there is none',
  usage: '--source ADDRESS --destination ADDRESS CHANGES',
  options,
  examples: [
    'update -s 192.0.2.1 --source-port 4000 -d 198.51.100.1 --destination-port 443 --mark 0x100/0xf00',
  ],
  async run(values, output) {
    const key = keyOf(values)
    const change = changeOf(values)
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    try {
      await table.update(key, change)
    } catch (error) {
      if (!isConntrackError(error) || error.code !== 'ENOENT') throw error
      output.note(errorText(PROGRAM, error))
      return EXIT.no
    }
    return EXIT.ok
  },
})
