import { expect, it } from 'vitest'
import { Expiry, type FlowTimeouts } from './expiry.js'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, TICK_MS } from './flow-record.js'
import { FlowTable } from './flow-table.js'
import { TCP_STATE } from './tcp-state.js'

const timeouts: FlowTimeouts = { tcpEstablishedMs: 8000, tcpTransitoryMs: 4000, udpMs: 2000, icmpMs: 1000 }
const ticks = (ms: number): number => ms / TICK_MS

function tableWith(flows: [protocol: number, state: number][]): FlowTable {
  const table = new FlowTable(64)
  flows.forEach(([protocol, state], port) => {
    const key = { protocol, clientAddress: 1, clientPort: port, externalAddress: 2, externalPort: port }
    table.insert({ ...key, remoteAddress: 0, remotePort: 0 }, 0, state)
  })
  return table
}

/** Slots that are over at this time, found by as many steps as one sweep takes. */
function expiredAt(table: FlowTable, nowMs: number, stepsPerSweep = 10): number[] {
  const expired: number[] = []
  const expiry = new Expiry(table, timeouts, (slot) => expired.push(slot), stepsPerSweep)
  for (let step = 0; step < stepsPerSweep; step++) expiry.step(ticks(nowMs))
  return [...new Set(expired)].sort((a, b) => a - b)
}

it('gives each protocol and TCP state its own timeout, to the tick', () => {
  const table = tableWith([
    [IPPROTO_TCP, TCP_STATE.established],
    [IPPROTO_TCP, TCP_STATE.opening],
    [IPPROTO_UDP, 0],
    [IPPROTO_ICMP, 0],
    [IPPROTO_TCP, TCP_STATE.clientFin],
    [IPPROTO_TCP, TCP_STATE.reset],
  ])
  expect(expiredAt(table, 1000 - TICK_MS)).toEqual([])
  expect(expiredAt(table, 1000)).toEqual([3])
  expect(expiredAt(table, 2000)).toEqual([2, 3])
  expect(expiredAt(table, 4000)).toEqual([1, 2, 3, 5])
  expect(expiredAt(table, 8000 - TICK_MS)).toEqual([1, 2, 3, 5])
  expect(expiredAt(table, 8000)).toEqual([0, 1, 2, 3, 4, 5])
})

it('walks every record within one sweep, however the table and the steps divide', () => {
  for (const size of [1, 9, 10, 11, 63]) {
    const table = tableWith(Array.from({ length: size }, () => [IPPROTO_ICMP, 0]))
    expect(expiredAt(table, 1000)).toHaveLength(size)
  }
})

it('may remove the flow it tells of', () => {
  const table = tableWith([
    [IPPROTO_ICMP, 0],
    [IPPROTO_ICMP, 0],
  ])
  const expiry = new Expiry(table, timeouts, (slot) => table.remove(slot), 1)
  expiry.step(ticks(1000))
  expect(table.size).toBe(0)
})
