import { array, assert, constantFrom, integer, oneof, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { copyOutput, describeOutput, MergePlan, OUTPUT_WORDS, PIECE_WORDS, planMerge } from './index.js'
import { buildPacket, bytesOf } from './testing/build-packet.js'

function planned(packets = 3) {
  const batch = new PacketBatch({ packets: 8 })
  for (let n = 0; n < packets; n += 1) {
    batch.append(buildPacket({ identification: n, sequence: n * 100, payload: bytesOf(100, n) }))
  }
  const plan = new MergePlan({ packets: 8 })
  planMerge(plan, batch)
  return { batch, plan }
}

test('a target that is too small takes nothing of what does not fit', () => {
  const { batch, plan } = planned()
  expect(copyOutput(plan, batch, 0, new Uint8Array(340))).toBe(340)
  for (const length of [339, 140, 39, 0]) expect(copyOutput(plan, batch, 0, new Uint8Array(length))).toBe(-1)
})

test('an output or a descriptor that does not exist is refused', () => {
  const { batch, plan } = planned()
  const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  expect(() => copyOutput(plan, batch, 1, new Uint8Array(1000))).toThrow(value)
  expect(() => copyOutput(plan, batch, -1, new Uint8Array(1000))).toThrow(value)
  expect(() => describeOutput(plan, 1, batch.descriptors, 0)).toThrow(value)
  expect(() => describeOutput(plan, 0, batch.descriptors, 8)).toThrow(value)
})

test('describing changes the virtio words only', () => {
  const { plan } = planned()
  const descriptors = new Int32Array(2 * DESCRIPTOR_WORDS).fill(7)
  describeOutput(plan, 0, descriptors, 1)
  expect([...descriptors]).toEqual([...Array(10).fill(7), 7, 7, 1, 1, 40, 100, 20, 16, 7, 7])
})

test('no plan, whoever filled it, makes it read outside the slab or run in a circle', () => {
  const word = oneof(constantFrom(-1, 0, 1, 10, 64, 7, 8, 0x7fffffff, -0x80000000), integer())
  const words = array(tuple(integer({ min: 0, max: 100 }), word), { minLength: 1, maxLength: 4 })
  assert(
    property(words, words, (outputs, pieces) => {
      const { batch, plan } = planned()
      for (const [at, value] of outputs) plan.outputs[at % OUTPUT_WORDS] = value
      for (const [at, value] of pieces) plan.pieces[at % (3 * PIECE_WORDS)] = value
      const length = copyOutput(plan, batch, 0, new Uint8Array(65535))
      expect(length).toBeGreaterThanOrEqual(-1)
      expect(length).toBeLessThanOrEqual(65535)
    }),
    { seed: 7, numRuns: 300 },
  )
})
