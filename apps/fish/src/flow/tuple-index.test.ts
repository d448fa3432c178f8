import { expect, it } from 'vitest'
import { FLOW, FLOW_WORDS } from './flow-record.js'
import { TupleIndex } from './tuple-index.js'

it('spreads neighbouring ports of one client over the cells', () => {
  const flows = 4096
  const records = new Int32Array(flows * FLOW_WORDS)
  const index = new TupleIndex(records, flows, FLOW.clientAddress, FLOW.clientPort, 1)
  for (let slot = 0; slot < flows; slot++) {
    const base = slot * FLOW_WORDS
    records[base + FLOW.protocol] = 6
    records[base + FLOW.clientAddress] = 0x0a400002
    records[base + FLOW.clientPort] = 30_000 + slot
    records[base + FLOW.remoteAddress] = 0x01010101
    records[base + FLOW.remotePort] = 443
    index.add(slot)
  }
  for (let slot = 0; slot < flows; slot++) {
    expect(index.find(6, 0x0a400002, 30_000 + slot, 0x01010101, 443)).toBe(slot)
  }
  expect(index.longestProbe).toBeLessThan(64)
})
