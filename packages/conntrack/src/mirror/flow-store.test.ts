import { expect, test } from 'vitest'
import type { FlowEvent } from '../events/conntrack-event.js'
import type { Flow } from '../flow/flow.js'
import { FlowStore } from './flow-store.js'

function flow(port: number, more: Partial<Flow> = {}): Flow {
  const ends = { protocol: 'tcp', sourcePort: port, destinationPort: 80 } as const
  const original = { source: '192.0.2.1', destination: '198.51.100.1', ...ends }
  return { family: 4, original, reply: original, id: port, mark: 0, status: 8, ...more }
}

const all = () => true

function storeOf(...flows: Flow[]): { store: FlowStore; told: string[] } {
  const store = new FlowStore(all)
  read(store, ...flows)
  const told: string[] = []
  const name = ({ id, mark }: Flow) => `${id} mark ${mark}`
  store.tell({
    added: (each) => told.push(`added ${name(each)}`),
    changed: (each) => told.push(`changed ${name(each)}`),
    removed: (each) => told.push(`removed ${name(each)}`),
  })
  return { store, told }
}

function read(store: FlowStore, ...flows: Flow[]): void {
  store.beginReading()
  for (const each of flows) store.read(each)
  end(store)
}

function end(store: FlowStore): void {
  while (store.sweep(1));
  store.endReading()
}

const event = (type: FlowEvent['type'], each: Flow): FlowEvent => ({ type, flow: each })
const marks = (store: FlowStore) => Array.from(store.values(), ({ id, mark }) => [id, mark])

test('what a dump does not confirm is gone, what it has more is new', () => {
  const { store, told } = storeOf(flow(1), flow(2))
  read(store, flow(2, { timeout: 5 }), flow(3))
  expect(told).toEqual(['added 3 mark 0', 'removed 1 mark 0'])
  expect(marks(store)).toEqual([
    [2, 0],
    [3, 0],
  ])
})

test('an entry that is told ended while it still stands in the table does not come back with the dump', () => {
  const { store, told } = storeOf(flow(1))
  store.beginReading()
  store.apply(event('destroy', flow(1)))
  store.read(flow(1))
  end(store)
  expect(told).toEqual(['removed 1 mark 0'])
  expect(store.size).toBe(0)
})

test('one that is born with the tuple of an ended one is taken from the dump, by its id', () => {
  const { store } = storeOf(flow(1))
  store.beginReading()
  store.apply(event('destroy', flow(1)))
  store.read(flow(1, { id: 9 }))
  end(store)
  expect(marks(store)).toEqual([[9, 0]])
})

test('what was told of during a dump is not overwritten with what the dump read before', () => {
  const { store } = storeOf(flow(1))
  store.beginReading()
  store.apply(event('update', flow(1, { mark: 5 })))
  store.apply(event('new', flow(2, { mark: 6 })))
  store.read(flow(1, { mark: 1, helper: { name: 'ftp' } }))
  end(store)
  expect(marks(store)).toEqual([
    [1, 5],
    [2, 6],
  ])
  // What the event left out, the dump has added.
  expect([...store.values()][0]!.helper).toEqual({ name: 'ftp' })
})

test('an old life of an entry that a dump still shows does not replace the new one', () => {
  const { store, told } = storeOf(flow(1))
  store.beginReading()
  store.apply(event('destroy', flow(1)))
  store.apply(event('new', flow(1, { id: 9 })))
  store.read(flow(1))
  end(store)
  expect(told).toEqual(['removed 1 mark 0', 'added 9 mark 0'])
})

test('an update with another id means that an end and a beginning were lost', () => {
  const { store, told } = storeOf(flow(1))
  store.apply(event('update', flow(1, { id: 9, mark: 3 })))
  expect(told).toEqual(['removed 1 mark 0', 'added 9 mark 3'])
})

test('the end of another entry with the same tuple removes nothing', () => {
  const { store, told } = storeOf(flow(1))
  store.apply(event('destroy', flow(1, { id: 9 })))
  expect(told).toEqual([])
})

test('a mark that an event leaves out is zero, other fields stay', () => {
  const tcp = { state: 'ESTABLISHED', windowScaleOriginal: 7, flagsOriginal: { flags: 1, mask: 1 } } as const
  const { store } = storeOf(flow(1, { mark: 4, labels: Uint8Array.of(1), protocolInfo: { tcp } }))
  store.apply(event('update', flow(1, { mark: undefined, status: 10 })))
  expect([...store.values()][0]).toMatchObject({ mark: 0, status: 10, labels: Uint8Array.of(1) })
  let last: Flow | undefined
  store.tell({ removed: (each) => (last = each) })
  store.apply(event('destroy', flow(1, { protocolInfo: { tcp: { state: 'TIME_WAIT' } } })))
  expect(last!.protocolInfo).toEqual({ tcp: { ...tcp, state: 'TIME_WAIT' } })
})

test('timeout and counters alone are no change, and are renewed', () => {
  const { store, told } = storeOf(flow(1, { timeout: 9 }))
  const counters = { original: { packets: 1n, bytes: 40n } }
  read(store, flow(1, { timeout: 7, counters }))
  expect(told).toEqual([])
  expect([...store.values()][0]).toMatchObject({ timeout: 7, counters })
})

test('a dump that fails half way removes nothing', () => {
  const { store, told } = storeOf(flow(1), flow(2))
  store.beginReading()
  store.read(flow(2))
  store.endReading()
  expect(told).toEqual([])
  expect(store.size).toBe(2)
})

test('those that no event has told of are counted until one has, or they are gone', () => {
  const { store } = storeOf(flow(1), flow(2), flow(3))
  expect(store.silent).toBe(3)
  store.apply(event('update', flow(1)))
  store.apply(event('destroy', flow(2)))
  store.apply(event('new', flow(4)))
  expect(store.silent).toBe(1)
  read(store, flow(1), flow(4))
  expect(store.silent).toBe(0)
})

test('a change decides anew whether an entry fits', () => {
  const store = new FlowStore(({ mark }) => mark === 1)
  store.apply(event('new', flow(1)))
  expect(store.size).toBe(0)
  store.apply(event('update', flow(1, { mark: 1 })))
  expect(store.size).toBe(1)
  store.apply(event('update', flow(1, { mark: 2 })))
  expect(store.size).toBe(0)
})
