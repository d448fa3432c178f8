import { doctor as examine } from '../doctor/doctor.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { parseNeeds } from './options/parse-needs.js'
import { findingText } from './render/finding-text.js'
import { jsonLine } from './render/json-line.js'

/** What the C tool has no word for. */
export const doctor = command({
  name: 'doctor',
  summary: 'say what this kernel and namespace allow, and how to change it; status 1 if something is wrong',
  usage: '[OPTIONS]',
  options: {
    needs: {
      type: 'string',
      value: 'NEED,…',
      help: 'what must be right: tracking,nat,events (the default), counters, timestamps',
    },
    ...COMMON_OPTIONS,
  },
  examples: ['doctor', 'doctor --needs tracking,nat,counters --json'],
  async run(values, output) {
    const needs = parseNeeds('needs', values.needs ?? 'tracking,nat,events')
    const findings = await examine({ netns: netnsPath(values.netns), needs })
    if (values.json) await output.print(findings.map(jsonLine).join('\n'))
    else await output.print(findingText(findings))
    return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.no
  },
})
