import { expect, test } from 'vitest'
import type { Link } from '../link/link.js'
import type { LinkListener, RemovedLink } from './link-listener.js'
import { Mirror } from './mirror.js'

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

function read(links: Link[]) {
  return new Map(links.map((link) => [link.index, link]))
}

function is(entry: Link) {
  return { key: entry.index, entry, isGone: false }
}

function isGone(entry: RemovedLink) {
  return { key: entry.index, entry, isGone: true }
}

/** A mirror of links 1 and 2, and what its listener has been told. */
function mirrorOfTwo() {
  const told: string[] = []
  const listener: LinkListener = {
    added: ({ name }) => told.push(`${name} added`),
    changed: (now, before) => told.push(`${before.name} ${before.mtu} is ${now.name} ${now.mtu}`),
    removed: ({ name, movedToIndex }) => told.push(`${name} removed, now ${movedToIndex}`),
  }
  const mirror = new Mirror<number, RemovedLink>()
  mirror.beginReading()
  mirror.endReading(read([link(1), link(2)]))
  mirror.tell(listener)
  return { mirror, told }
}

test('what is there at the beginning is not told, what becomes different is', () => {
  const { mirror, told } = mirrorOfTwo()
  mirror.apply(is(link(1)))
  mirror.apply(is(link(1, 1400)))
  mirror.apply(is(link(3)))
  mirror.apply(isGone({ ...link(2), movedToIndex: 7 }))
  mirror.apply(isGone(link(9)))
  expect(told).toEqual(['tun1 1500 is tun1 1400', 'tun3 added', 'tun2 removed, now 7'])
  expect([...mirror.entries.keys()]).toEqual([1, 3])
})

test('a reading tells what was missed, removals first so that a name is told gone before it is told taken', () => {
  const { mirror, told } = mirrorOfTwo()
  mirror.beginReading()
  mirror.endReading(read([link(1, 1280), link(3, 1500, 'tun2')]))
  expect(told).toEqual(['tun2 removed, now undefined', 'tun1 1500 is tun1 1280', 'tun2 added'])
})

test('an event that comes during a reading is newer than the reading', () => {
  const { mirror, told } = mirrorOfTwo()
  mirror.apply(is(link(1, 1000)))
  mirror.beginReading()
  mirror.apply(isGone(link(2)))
  mirror.apply(is(link(3)))
  told.length = 0
  mirror.endReading(read([link(1, 1400), link(2)]))
  expect(told).toEqual(['tun1 1000 is tun1 1400'])
  expect([...mirror.entries.keys()]).toEqual([1, 3])
})

test('a listener that stops listening while it is told hears nothing more', () => {
  const { mirror } = mirrorOfTwo()
  const told: number[] = []
  mirror.tell({
    added: ({ index }) => {
      told.push(index)
      mirror.tell(undefined)
    },
  })
  mirror.beginReading()
  mirror.endReading(read([link(1), link(2), link(3), link(4)]))
  expect(told).toEqual([3])
  expect(mirror.entries.size).toBe(4)
})
