import { array, assert, integer, oneof, property } from 'fast-check'
import { expect, test } from 'vitest'
import { PIECE_WORDS } from '../offload/plan-words.js'
import { copyGathered, type Gathering, gatheredLength } from './gather.js'
import { EBADMSG, EFAULT, EMSGSIZE } from './linux-errno.js'
import { ipv4Packet } from './testing/ipv4-packet.js'

const SLAB_BYTES = 70_000

/** A plan of one output: `[header, headerLength, piece]`, and pieces of `[offset, length, next]`. */
function planOf(output: number[], pieces: number[][]): Gathering {
  const headers = Uint8Array.from({ length: 200 }, (_, i) => 200 - i)
  const slab = new Uint8Array(SLAB_BYTES)
  for (let i = 0; i < SLAB_BYTES; i += 1) slab[i] = i
  slab.set(ipv4Packet(new Uint8Array(30)), 64)
  return {
    slab: new DataView(slab.buffer),
    headers: new DataView(headers.buffer),
    outputs: Int32Array.from([...output, 0]),
    pieces: Int32Array.from(pieces.flat()),
  }
}

test('header and pieces are put one behind the other, without the virtio header', () => {
  const plan = planOf(
    [20, 14, 1],
    [
      [150, 3, -1],
      [200, 2, 0],
    ],
  )
  expect(gatheredLength(plan, 0)).toBe(9)
  const target = new DataView(new ArrayBuffer(12))
  copyGathered(plan, 0, target, 2)
  expect([...new Uint8Array(target.buffer)]).toEqual([0, 0, 170, 169, 168, 167, 200, 201, 150, 151, 152, 0])
})

test('an output that is a packet of the batch has its header there', () => {
  expect(gatheredLength(planOf([0, 10, 0], [[64, 50, -1]]), 0)).toBe(50)
})

test.each<[string, number, number[], number[][]]>([
  ['a header before its memory', EFAULT, [-1, 30, 0], [[0, 9, -1]]],
  ['a header behind its memory', EFAULT, [171, 30, 0], [[0, 9, -1]]],
  ['a header without a virtio header', EFAULT, [0, 9, 0], [[0, 9, -1]]],
  ['a piece that is not there', EFAULT, [0, 30, 1], [[0, 9, -1]]],
  ['a piece below 0', EFAULT, [0, 30, -2], [[0, 9, -1]]],
  ['a piece before the slab', EFAULT, [0, 30, 0], [[-1, 9, -1]]],
  ['a piece behind the slab', EFAULT, [0, 30, 0], [[SLAB_BYTES - 8, 9, -1]]],
  ['a piece of negative length', EFAULT, [0, 30, 0], [[10, -9, -1]]],
  ['a circle', EMSGSIZE, [0, 30, 0], [[0, 1, 0]]],
  ['more than 65535 bytes', EMSGSIZE, [0, 30, 0], [[0, 65_520, -1]]],
  [
    'two packets as one',
    EBADMSG,
    [0, 10, 0],
    [
      [64, 50, 1],
      [64, 50, -1],
    ],
  ],
  ['a packet that is none', EBADMSG, [0, 10, 0], [[80, 50, -1]]],
  ['nothing', EBADMSG, [0, 10, -1], [[64, 50, -1]]],
])('%s is refused', (_, errno, output, pieces) => {
  expect(gatheredLength(planOf(output, pieces), 0)).toBe(-errno)
})

test('whatever a plan says: an errno, or bytes that are there', () => {
  const word = oneof(integer({ min: -2, max: 250 }), integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
  const plan = planOf([0, 0, 0], [])
  const target = new DataView(new ArrayBuffer(65_535))
  assert(
    property(array(word, { minLength: 3, maxLength: 3 }), array(word, { maxLength: 30 }), (output, words) => {
      plan.outputs.set(output)
      plan.pieces = Int32Array.from(words.slice(0, words.length - (words.length % PIECE_WORDS)))
      const length = gatheredLength(plan, 0)
      if (length >= 0) copyGathered(plan, 0, target, 65_535 - length)
    }),
    { numRuns: 500 },
  )
})
