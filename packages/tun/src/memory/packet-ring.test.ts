import { array, assert, constant, integer, oneof, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { DESCRIPTOR } from '../batch/descriptor.js'
import { PacketRing } from './packet-ring.js'

const LARGEST = 100

function firstOf({ view, descriptors, firstWords }: PacketRing): Uint8Array {
  const offset = descriptors[firstWords + DESCRIPTOR.offset]!
  return new Uint8Array(view.buffer, offset, descriptors[firstWords + DESCRIPTOR.length]!)
}

test('packets come out whole and in order, and what was promised room has it', () => {
  const shape = record({ capacity: integer({ min: 1, max: 8 }), bytes: integer({ min: LARGEST, max: 400 }) })
  const step = oneof(integer({ min: 1, max: LARGEST }), constant(0))
  assert(
    property(shape, array(step, { maxLength: 200 }), ({ capacity, bytes }, steps) => {
      const ring = new PacketRing(capacity, LARGEST, bytes)
      const model: { fill: number; length: number }[] = []
      for (const [i, length] of steps.entries()) {
        if (length === 0) {
          if (model.length === 0) continue
          const { fill, length } = model.shift()!
          expect(firstOf(ring)).toEqual(new Uint8Array(length).fill(fill))
          ring.shift()
        } else {
          const promised = ring.hasRoom
          const offset = ring.reserve(length)
          if (promised) expect(offset).toBeGreaterThanOrEqual(0)
          if (offset < 0) continue
          new Uint8Array(ring.view.buffer, offset, length).fill(i)
          ring.commit(offset, length)
          model.push({ fill: i & 0xff, length })
        }
        expect(ring.count).toBe(model.length)
      }
    }),
  )
})

test('as many packets as it was made for fit, whatever their sizes, if there are bytes for one more of the largest', () => {
  assert(
    property(array(integer({ min: 1, max: LARGEST }), { minLength: 40 }), (lengths) => {
      const ring = new PacketRing(5, LARGEST, 6 * LARGEST)
      for (const length of lengths) {
        if (ring.count === 5) ring.shift()
        const offset = ring.reserve(length)
        expect(offset).toBeGreaterThanOrEqual(0)
        ring.commit(offset, length)
      }
    }),
  )
})

test('a ring that was emptied takes the largest packet, wherever it stood', () => {
  const ring = new PacketRing(4, LARGEST, LARGEST)
  ring.commit(ring.reserve(60), 60)
  expect(ring.reserve(LARGEST)).toBe(-1)
  ring.shift()
  expect(ring.reserve(LARGEST)).toBe(0)
})
