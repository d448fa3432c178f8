import { createInterface } from 'node:readline'
import type { Conntrack } from '../conntrack/conntrack.js'
import { openConntrack } from '../conntrack/open-conntrack.js'
import type { ConntrackError } from '../errors/conntrack-error.js'
import type { NewFlow } from '../flow/new-flow.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath } from './options/common-options.js'
import { parseFlowRecord } from './options/parse-flow-record.js'
import { PROGRAM } from './program.js'
import { errorText } from './render/error-text.js'
import { jsonLine } from './render/json-line.js'

/** So that memory stays flat however long the input is. */
const MADE_AT_ONCE = 10_000

/** `conntrack -R`. */
export const restore = command({
  name: 'restore',
  summary: "make the entries that 'list --json' printed, read from standard input",
  details:
    'Translations are made again, counters and times begin anew. It goes on after an entry that is there already (status 1)\nor that is refused (status 3).',
  usage: '[OPTIONS]',
  options: COMMON_OPTIONS,
  examples: ['restore --netns blue'],
  async run(values, output) {
    await using table = await openConntrack({ netns: netnsPath(values.netns) })
    const total = { created: 0, existing: 0, failed: 0, unknown: 0 }
    let refusal: ConntrackError | undefined
    for await (const flows of batches()) {
      const result = await make(table, flows)
      total.created += result.created
      total.existing += result.existing
      total.failed += result.failed
      total.unknown += result.unknown
      refusal ??= [...result.errors.values()].find(({ code }) => code !== 'EEXIST')
    }
    const { created, existing, failed, unknown } = total
    if (values.json) await output.print(jsonLine(total))
    else await output.print(`${created} created, ${existing} were there, ${failed + unknown} failed`)
    if (refusal) {
      output.note(errorText(PROGRAM, refusal))
      return EXIT.refused
    }
    return existing > 0 ? EXIT.no : EXIT.ok
  },
})

function make(table: Conntrack, { flows, first, last }: Batch) {
  return table.createMany(flows).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) {
      error.message = `lines ${first} to ${last}: ${error.message}`
    }
    throw error
  })
}

interface Batch {
  flows: NewFlow<string>[]
  first: number
  last: number
}

/** Those that were expected by others come last: their masters must be there. */
async function* batches(): AsyncGenerator<Batch> {
  const expected: NewFlow<string>[] = []
  let flows: NewFlow<string>[] = []
  let line = 0
  let first = 1
  for await (const text of createInterface({ input: process.stdin })) {
    line++
    if (text.trim() === '') continue
    const flow = readLine(text, line)
    ;(flow.master ? expected : flows).push(flow)
    if (flows.length < MADE_AT_ONCE) continue
    yield { flows, first, last: line }
    flows = []
    first = line + 1
  }
  yield { flows, first, last: line }
  yield { flows: expected, first: 1, last: line }
}

function readLine(text: string, line: number): NewFlow<string> {
  try {
    return parseFlowRecord(text)
  } catch (error) {
    if (error instanceof Error) error.message = `line ${line}: ${error.message}`
    throw error
  }
}
