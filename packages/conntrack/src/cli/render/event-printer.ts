import type { ConntrackEvent, ExpectationEvent, FlowEvent } from '../../events/conntrack-event.js'
import { FLOW_COLUMNS, type FlowRow } from './flow-columns.js'
import { flowRecord, jsonLine } from './json-line.js'
import { type Column, Table } from './table.js'

export interface EventPrinter {
  /** What stands above the first event. */
  begin(): string
  event(event: ConntrackEvent): string
}

interface EventRow extends FlowRow {
  event: string
}

const COLUMNS: readonly Column<EventRow>[] = [
  { name: 'EVENT', width: 7, value: ({ event }) => event },
  ...FLOW_COLUMNS,
]

/** What turns events into text, as a table or as JSON lines. An overrun is a line in JSON only. */
export function eventPrinter(options: { json?: true; 'no-header'?: true }): EventPrinter {
  if (options.json) return { begin: () => '', event: (event) => jsonLine(recordOf(event)) }
  const table = new Table(COLUMNS, { header: !options['no-header'] })
  return {
    begin: () => table.lines([]),
    event: (event) => (event.type === 'overrun' ? '' : table.lines([rowOf(event)])),
  }
}

function recordOf(event: ConntrackEvent): ConntrackEvent {
  return 'flow' in event ? { ...event, flow: flowRecord(event.flow) } : event
}

/** An expectation has the place of the flow that is expected. */
function rowOf(event: FlowEvent | ExpectationEvent): EventRow {
  if ('flow' in event) return { event: event.type, ...event.flow }
  const { tuple, timeout, zone, id } = event.expectation
  return { event: event.type, original: tuple, timeout, zone, id }
}
