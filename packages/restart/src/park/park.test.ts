import { execFileSync } from 'node:child_process'
import { fstatSync, readdirSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import { openParked, park, unpark } from './park.js'
import { type Parked, sendParked } from './parked.js'
import { copyQueue } from './parked-queue.js'

let toClose: number[] = []
let parks: Parked[] = []

afterEach(() => {
  for (const parked of parks) parked.close()
  for (const fd of toClose) binding().closeFd(fd)
  parks = []
  toClose = []
})

function files(count: number): number[] {
  const made = Array.from({ length: count }, () => binding().memoryFile('parked', 0))
  toClose.push(...made)
  return made
}

function use(parked: Parked): Parked {
  parks.push(parked)
  return parked
}

function keep(fds: number[]): number[] {
  toClose.push(...fds)
  return fds
}

const openDescriptors = () => readdirSync('/proc/self/fd').length
const identities = (fds: readonly number[]) => fds.map((fd) => fstatSync(fd).ino)

test('what was parked comes back in order, whichever end comes first', () => {
  const originals = files(600)
  for (const reversed of [false, true]) {
    const parked = park(originals, { label: 'sessions' })
    const ends = [...parked.ends]
    const back = keep(unpark(reversed ? ends.reverse() : ends))
    expect(identities(back)).toEqual(identities(originals))
    expect(back.some((fd) => originals.includes(fd))).toBe(false)
  }
})

test('the queue holds what nobody else has open', () => {
  const originals = files(300)
  const expected = identities(originals)
  const { ends } = park(originals)
  for (const fd of toClose.splice(0)) binding().closeFd(fd)
  const before = openDescriptors()
  const back = keep(unpark(ends))
  expect(identities(back)).toEqual(expected)
  expect(openDescriptors()).toBe(before + 300 - 2)
})

test('what comes back is close-on-exec', () => {
  const back = keep(unpark(park(files(1)).ends))
  expect(binding().describeFd(back[0]!)).toMatchObject({ kind: 'memfd', closeOnExec: true })
})

test('the number and the label are known without touching a descriptor', () => {
  const parked = use(park(files(254), { label: 'früher' }))
  const before = openDescriptors()
  expect(parked.count).toBe(254)
  expect(parked.label).toBe('früher')
  const reopened = openParked([binding().duplicateFd(parked.ends[1]), binding().duplicateFd(parked.ends[0])])
  expect(reopened).toMatchObject({ count: 254, label: 'früher' })
  reopened.close()
  expect(openDescriptors()).toBe(before)
})

test('more is added behind what waits, also by whoever opened the ends later', () => {
  const originals = files(700)
  const first = park(originals.slice(0, 300))
  first.add(originals.slice(300, 400))
  const later = openParked([...first.ends].reverse())
  later.add(originals.slice(400))
  later.add([])
  expect(later.count).toBe(700)
  expect(identities(keep(later.take()))).toEqual(identities(originals))
})

test('copies leave everything where it is, as often as one likes', () => {
  const originals = files(300)
  const parked = use(park(originals))
  for (let round = 0; round < 3; round++) {
    const copies = parked.copy()
    expect(identities(copies)).toEqual(identities(originals))
    for (const fd of copies) binding().closeFd(fd)
  }
  expect(parked.count).toBe(300)
})

test('what was taken can be parked again', () => {
  let parked = park(files(300))
  for (let round = 0; round < 3; round++) {
    const fds = parked.take()
    parked = park(fds)
    for (const fd of fds) binding().closeFd(fd)
  }
  expect(use(parked).count).toBe(300)
})

test('nothing at all can be parked', () => {
  const parked = park([], { label: 'empty' })
  expect(openParked(parked.ends)).toMatchObject({ count: 0, label: 'empty' })
  expect(unpark(parked.ends)).toEqual([])
})

test('ten thousand come back, and sixty thousand fit', () => {
  const three = files(3)
  const many = (count: number) => Array.from({ length: count }, (_, index) => three[index % 3]!)
  const back = keep(unpark(park(many(10_000)).ends))
  expect(identities(back)).toEqual(identities(many(10_000)))
  expect(use(park(many(60_000))).count).toBe(60_000)
})

test('parking a descriptor that is not open leaves everything as it was', () => {
  const originals = files(300)
  const before = openDescriptors()
  expect(() => park([...originals, 19_999])).toThrow(expect.objectContaining({ code: 'EBADF' }))
  expect(openDescriptors()).toBe(before)
  expect(identities(originals)).toHaveLength(300)
})

test('adding up to a descriptor that is not open says by count how far it came', () => {
  const originals = files(300)
  const parked = use(park(originals))
  expect(() => parked.add([...originals, 19_999])).toThrow(expect.objectContaining({ code: 'EBADF' }))
  expect(parked.count).toBe(300 + 253)
  parked.add(originals.slice(253))
  expect(identities(keep(parked.take()))).toEqual(identities([...originals, ...originals]))
})

test('a full queue is an error with a hint, and what it holds stays', () => {
  const originals = files(2)
  const parked = use(park(originals))
  binding().setSendBuffer(parked.ends[1], 1)
  let refused: unknown
  for (let sequence = 2; refused === undefined && sequence < 1_000; sequence++) {
    try {
      sendParked(parked.ends[1], { sequence, count: 2, label: '' }, Int32Array.from(originals))
    } catch (error) {
      refused = error
    }
  }
  expect(refused).toMatchObject({
    code: 'ERR_RESTART_PARK_FULL',
    hint: expect.stringContaining('net.core.wmem_max'),
  })
  const before = parked.count
  expect(before).toBeGreaterThan(2)
  // Asks for more room by itself.
  parked.add(originals)
  expect(keep(parked.take())).toHaveLength(before + 2)
})

test('a descriptor limit that is reached while copying opens nothing and takes nothing', () => {
  const parked = use(park(files(400)))
  const before = openDescriptors()
  const { hard, soft } = binding().descriptorLimit()
  const limit = (most: number) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${most}:${hard}`])
  const refusal = { code: 'ERR_RESTART_TOO_MANY_DESCRIPTORS', hint: expect.stringContaining('ulimit -n') }
  let refusals: unknown[] = []
  const attempt = (action: () => unknown) => {
    try {
      action()
    } catch (error) {
      refusals.push(error)
    }
  }
  limit(before + 300)
  try {
    refusals = []
    attempt(() => parked.copy())
    attempt(() => parked.take())
    // Past the check of the limit, as when another thread opened the rest in between.
    attempt(() => copyQueue(parked.ends[0]))
  } finally {
    limit(soft)
  }
  expect(refusals).toEqual([refusal, refusal, refusal].map((each) => expect.objectContaining(each)))
  expect(openDescriptors()).toBe(before)
  expect(parked.count).toBe(400)
  expect(keep(parked.take())).toHaveLength(400)
})

test('an empty pair, a pair that was taken, and a closed one are refused by different words', () => {
  const pair = keep(binding().socketPair('seqpacket'))
  expect(() => unpark(pair)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_PARK_EMPTY' }))

  const parked = park(files(1))
  const copies = keep(parked.ends.map((end) => binding().duplicateFd(end)))
  keep(parked.take())
  expect(() => unpark(copies)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_PARK_EMPTY' }))
  expect(() => parked.count).toThrow(expect.objectContaining({ code: 'ERR_RESTART_PARK_CLOSED' }))
  expect(() => parked.add([])).toThrow(expect.objectContaining({ code: 'ERR_RESTART_PARK_CLOSED' }))
})

test('a second close does not close the descriptors that took the numbers', () => {
  const parked = park(files(1))
  parked.close()
  const [successor] = files(1)
  expect(parked.ends).toContain(successor)
  parked.close()
  expect(fstatSync(successor!).isFile()).toBe(true)
})

test('foreign messages are refused and stay where they are', () => {
  const [first, second] = keep(binding().socketPair('seqpacket')) as [number, number]
  const message = Buffer.from('rstpark1, but of somebody else')
  for (const foreign of [message, Buffer.alloc(5_000, 1), Buffer.from('x')]) {
    binding().sendMessage(first, foreign, new Int32Array(0))
    expect(() => unpark([first, second])).toThrow(
      expect.objectContaining({ code: 'ERR_RESTART_PARK_FOREIGN' }),
    )
    const room = new Uint8Array(8_192)
    expect(binding().receiveQueued(second, room, new Int32Array(0), false)).toBe(foreign.length)
  }
})

test('ends of two different pairs are refused', () => {
  const [one, other] = [use(park(files(1))), use(park(files(1)))]
  expect(() => openParked([one.ends[0], other.ends[0]])).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_PARK_FOREIGN' }),
  )
})

test('a queue does not hold itself', () => {
  const parked = use(park(files(1)))
  expect(() => parked.add([parked.ends[1]])).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})

test.each([
  ['a file', () => files(2), 'ENOTSOCK'],
  ['nothing', () => [19_998, 19_999], 'EBADF'],
  ['one descriptor twice', () => [3, 3], 'ERR_INVALID_ARG_VALUE'],
  ['one descriptor', () => [3], 'ERR_INVALID_ARG_VALUE'],
  ['a text', () => '34' as never, 'ERR_INVALID_ARG_TYPE'],
])('%s instead of two ends is refused', (_, make, code) => {
  const ends = make()
  expect(() => unpark(ends)).toThrow(expect.objectContaining({ code }))
})

test.each([
  [() => park('3' as never), 'ERR_INVALID_ARG_TYPE'],
  [() => park(['3' as never]), 'ERR_INVALID_ARG_TYPE'],
  [() => park([-1]), 'ERR_INVALID_ARG_VALUE'],
  [() => park([], { label: 'x'.repeat(256) }), 'ERR_INVALID_ARG_VALUE'],
  [() => park([], { label: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
  [() => park([], { name: 'x' } as never), 'ERR_INVALID_ARG_VALUE'],
])('%s is refused', (action, code) => {
  expect(action).toThrow(expect.objectContaining({ code }))
})
