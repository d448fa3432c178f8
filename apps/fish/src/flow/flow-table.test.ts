import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FLOW, IPPROTO_TCP, IPPROTO_UDP } from './flow-record.js'
import { type FlowKey, FlowTable } from './flow-table.js'

const key = (overrides: Partial<FlowKey> = {}): FlowKey => ({
  protocol: IPPROTO_TCP,
  clientAddress: 0x0a400002,
  clientPort: 40_000,
  externalAddress: 0xc633640a,
  externalPort: 9000,
  remoteAddress: 0xcb007101,
  remotePort: 443,
  ...overrides,
})

const out = (table: FlowTable, k: FlowKey): number =>
  table.findOutbound(k.protocol, k.clientAddress, k.clientPort, k.remoteAddress, k.remotePort)
const back = (table: FlowTable, k: FlowKey): number =>
  table.findInbound(k.protocol, k.externalAddress, k.externalPort, k.remoteAddress, k.remotePort)

describe('FlowTable', () => {
  it('finds a flow from both sides, and nothing else', () => {
    const table = new FlowTable(16)
    const slot = table.insert(key(), 7, 1)
    expect(out(table, key())).toBe(slot)
    expect(back(table, key())).toBe(slot)
    for (const other of [
      key({ protocol: IPPROTO_UDP }),
      key({ clientAddress: 1, externalAddress: 1 }),
      key({ clientPort: 1, externalPort: 1 }),
      key({ remoteAddress: 1 }),
      key({ remotePort: 1 }),
    ]) {
      expect(out(table, other)).toBe(-1)
      expect(back(table, other)).toBe(-1)
    }
  })

  it('reads addresses above 127.255.255.255 back as unsigned numbers', () => {
    const table = new FlowTable(4)
    const slot = table.insert(key(), 0, 0)
    expect(table.read(slot, FLOW.externalAddress)).toBe(0xc633640a)
    expect(table.read(slot, FLOW.remoteAddress)).toBe(0xcb007101)
  })

  it('refuses a flow when it is full and takes one again after a remove', () => {
    const table = new FlowTable(2)
    table.insert(key({ clientPort: 1, externalPort: 1 }), 0, 0)
    const second = table.insert(key({ clientPort: 2, externalPort: 2 }), 0, 0)
    expect(table.insert(key({ clientPort: 3, externalPort: 3 }), 0, 0)).toBe(-1)
    table.remove(second)
    expect(table.size).toBe(1)
    expect(table.insert(key({ clientPort: 3, externalPort: 3 }), 0, 0)).toBe(second)
  })

  it('agrees with a plain map through any sequence of inserts and removes', () => {
    const operations = fc.array(fc.record({ port: fc.integer({ min: 1, max: 40 }), add: fc.boolean() }), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(operations, (sequence) => {
        const table = new FlowTable(32)
        const model = new Map<number, number>()
        for (const { port, add } of sequence) {
          const k = key({ clientPort: port, externalPort: port + 9000 })
          const known = model.get(port)
          if (add && known === undefined) {
            const slot = table.insert(k, 0, 0)
            if (slot >= 0) model.set(port, slot)
            else expect(model.size).toBe(32)
          } else if (!add && known !== undefined) {
            table.remove(known)
            model.delete(port)
          }
          expect(table.size).toBe(model.size)
        }
        for (let port = 1; port <= 40; port++) {
          const k = key({ clientPort: port, externalPort: port + 9000 })
          expect(out(table, k)).toBe(model.get(port) ?? -1)
          expect(back(table, k)).toBe(model.get(port) ?? -1)
        }
      }),
    )
  })
})
