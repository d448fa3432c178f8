import { expect, test } from 'vitest'
import type { Flow } from '../../flow/flow.js'
import { STATUS } from '../../flow/status.js'
import { flowRecord, jsonLine } from '../render/json-line.js'
import { UsageError } from '../usage-error.js'
import { parseFlowRecord } from './parse-flow-record.js'

test('what was printed is read as the entry that makes it again', () => {
  const original = {
    source: '10.0.0.2',
    destination: '203.0.113.1',
    protocol: 'tcp',
    sourcePort: 4000,
    destinationPort: 443,
  } as const
  const flow: Flow = {
    family: 4,
    original,
    reply: {
      source: '203.0.113.1',
      destination: '198.51.100.10',
      protocol: 'tcp',
      sourcePort: 443,
      destinationPort: 9000,
    },
    id: 7,
    status: STATUS.CONFIRMED | STATUS.ASSURED | STATUS.SRC_NAT,
    timeout: 600,
    mark: 0,
    labels: Uint8Array.of(1, 2, 3, 4),
    counters: { original: { packets: 1n, bytes: 2n } },
  }
  expect(parseFlowRecord(jsonLine(flowRecord(flow)))).toEqual({
    original,
    timeoutSeconds: 600,
    status: STATUS.CONFIRMED | STATUS.ASSURED,
    mark: 0,
    labels: Uint8Array.of(1, 2, 3, 4),
    nat: { source: { address: '198.51.100.10', port: 9000 } },
  })
})

test.each(['tcp 6 ESTABLISHED', '', 'null', '7', '{}', '{"original":{"source":"192.0.2.1"}}'])(
  "'%s' is no entry",
  (line) => {
    expect(() => parseFlowRecord(line)).toThrow(UsageError)
  },
)
