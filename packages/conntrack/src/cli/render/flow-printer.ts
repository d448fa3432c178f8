import type { Flow } from '../../flow/flow.js'
import { FLOW_COLUMNS } from './flow-columns.js'
import { flowRecord, jsonLine } from './json-line.js'
import { Table } from './table.js'

/** What turns batches of flows into text, as a table or as JSON lines. */
export function flowPrinter(options: {
  json?: true
  'no-header'?: true
}): (flows: readonly Flow[]) => string {
  if (options.json) return (flows) => flows.map((flow) => jsonLine(flowRecord(flow))).join('\n')
  const table = new Table(FLOW_COLUMNS, { header: !options['no-header'] })
  return (flows) => table.lines(flows)
}
