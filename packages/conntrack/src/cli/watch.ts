import type { ConntrackEvents } from '../events/conntrack-events.js'
import { openEvents } from '../events/open-events.js'
import { command } from './command.js'
import { EXIT } from './exit-status.js'
import { COMMON_OPTIONS, netnsPath, TABLE_OPTIONS } from './options/common-options.js'
import { FILTER_OPTIONS, flowFilter } from './options/filter-options.js'
import { parseEventKinds } from './options/parse-event-kinds.js'
import { optionalNumber } from './options/parse-number.js'
import { eventPrinter } from './render/event-printer.js'
import { UsageError } from './usage-error.js'

/** `conntrack -E`. */
export const watch = command({
  name: 'watch',
  summary: 'print what happens to entries until SIGINT or SIGTERM',
  details:
    'When events are lost it says so and goes on. An entry that is made while nobody listens has no events, not even of\nits end, where net.netfilter.nf_conntrack_events is 2 (the default).',
  usage: '[FILTER] [OPTIONS]',
  options: {
    events: {
      type: 'string',
      short: 'e',
      value: 'KIND,…',
      help: 'new,update,destroy (the default), expectation-new, expectation-destroy',
    },
    count: { type: 'string', value: 'NUMBER', help: 'end after so many' },
    reliable: {
      type: 'boolean',
      help: 'ends are told again until they are read; may drop packets meanwhile',
    },
    'buffer-size': {
      type: 'string',
      short: 'b',
      value: 'BYTES',
      help: 'of the receive buffer at first; it grows',
    },
    ...FILTER_OPTIONS,
    ...TABLE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: ['watch', 'watch --events destroy --protocol tcp --destination-port 443 --json'],
  async run(values, output) {
    const filter = flowFilter(values)
    const count = optionalNumber('count', values.count) ?? Number.POSITIVE_INFINITY
    if (count === 0) throw new UsageError('--count takes a number from 1')
    await using events = await openEvents({
      netns: netnsPath(values.netns),
      kinds: parseEventKinds('events', values.events ?? 'new,update,destroy'),
      filter,
      reliable: values.reliable === true,
      receiveBufferBytes: optionalNumber('buffer-size', values['buffer-size']),
    })
    endOnSignal(events)
    const printer = eventPrinter(values)
    await output.print(printer.begin())
    output.note('watching')
    let told = 0
    for await (const event of events) {
      if (event.type === 'overrun') output.note(overrunText(event.receiveBufferBytes))
      else told++
      await output.print(printer.event(event))
      if (told >= count) break
    }
    return EXIT.ok
  },
})

function endOnSignal(events: ConntrackEvents): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void events.close())
}

function overrunText(bytes: number): string {
  return `events were lost here: list the table again; the receive buffer has ${bytes} bytes now`
}
