import { expect, test } from 'vitest'
import type { LinkListener } from './link-listener.js'
import { LinkTable } from './link-table.js'
import type { Link } from './links.js'

function link(index: number, mtu = 1500, name = `tun${index}`): Link {
  return {
    index,
    name,
    mtu,
    txQueueLength: 500,
    up: true,
    running: true,
    flags: 0x41,
    operationalState: 'up',
    group: 0,
  }
}

/** A table of links 1 and 2, and what its listener has been told. */
function tableOfTwo() {
  const told: string[] = []
  const listener: LinkListener = {
    added: ({ name }) => told.push(`${name} added`),
    changed: (now, before) => told.push(`${before.name} ${before.mtu} is ${now.name} ${now.mtu}`),
    removed: ({ name, movedToIndex }) => told.push(`${name} removed, now ${movedToIndex}`),
  }
  const table = new LinkTable()
  table.beginReading()
  table.endReading([link(1), link(2)])
  table.tell(listener)
  return { table, told }
}

test('what is there at the beginning is not told, what becomes different is', () => {
  const { table, told } = tableOfTwo()
  table.apply({ link: link(1), isGone: false })
  table.apply({ link: link(1, 1400), isGone: false })
  table.apply({ link: link(3), isGone: false })
  table.apply({ link: link(2), isGone: true, movedToIndex: 7 })
  table.apply({ link: link(9), isGone: true })
  expect(told).toEqual(['tun1 1500 is tun1 1400', 'tun3 added', 'tun2 removed, now 7'])
  expect([...table.links.keys()]).toEqual([1, 3])
})

test('a reading tells what was missed, removals first so that a name is told gone before it is told taken', () => {
  const { table, told } = tableOfTwo()
  table.beginReading()
  table.endReading([link(1, 1280), link(3, 1500, 'tun2')])
  expect(told).toEqual(['tun2 removed, now undefined', 'tun1 1500 is tun1 1280', 'tun2 added'])
})

test('an event that comes during a reading is newer than the reading', () => {
  const { table, told } = tableOfTwo()
  table.apply({ link: link(1, 1000), isGone: false })
  table.beginReading()
  table.apply({ link: link(2), isGone: true })
  table.apply({ link: link(3), isGone: false })
  told.length = 0
  table.endReading([link(1, 1400), link(2)])
  expect(told).toEqual(['tun1 1000 is tun1 1400'])
  expect([...table.links.keys()]).toEqual([1, 3])
})

test('a listener that stops listening while it is told hears nothing more', () => {
  const { table } = tableOfTwo()
  const told: number[] = []
  table.tell({
    added: ({ index }) => {
      told.push(index)
      table.tell(undefined)
    },
  })
  table.beginReading()
  table.endReading([link(1), link(2), link(3), link(4)])
  expect(told).toEqual([3])
  expect(table.links.size).toBe(4)
})
