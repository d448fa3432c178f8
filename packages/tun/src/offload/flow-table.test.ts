import { expect, test } from 'vitest'
import { FlowTable, NEW_FLOW } from './flow-table.js'

const view = new DataView(new ArrayBuffer(64))

test('a slot holds its output until the table is cleared', () => {
  const flows = new FlowTable(4)
  flows.clear()
  const slot = flows.slot(flows.hash(view, 0, 9), 0)
  expect(flows.get(slot)).toBe(NEW_FLOW)
  flows.set(slot, 0)
  expect(flows.get(slot)).toBe(0)
  flows.clear()
  expect(flows.get(slot)).toBe(NEW_FLOW)
})

test('probing gives different slots and ends, so that flows made to collide cost little', () => {
  const flows = new FlowTable(1000)
  const hash = flows.hash(view, 0, 3)
  const slots: number[] = []
  for (let probe = 0; flows.slot(hash, probe) >= 0; probe += 1) slots.push(flows.slot(hash, probe))
  expect(new Set(slots).size).toBe(16)
  expect(slots).toHaveLength(16)
})

test('a table for one flow has slots for every hash', () => {
  const flows = new FlowTable(1)
  flows.clear()
  for (const hash of [0, 1, -1, 0x7fffffff, -0x80000000])
    expect(flows.get(flows.slot(hash, 15))).toBe(NEW_FLOW)
})
