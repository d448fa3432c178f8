import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { PacketBatch } from '../batch/packet-batch.js'
import { MergePlan, planMerge, segmentCount, splitPacket } from './index.js'
import { appendSuper, bytesOf, type PacketFields } from './testing/build-packet.js'

const ROUNDS = 500
const TIMESTAMPS = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]

test('cutting and merging allocate nothing per packet', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const source = new PacketBatch()
  const target = new PacketBatch()
  const plan = new MergePlan()
  const kinds: [Omit<PacketFields, 'payload'>, number][] = [
    [{ options: TIMESTAMPS, sequence: 0xffff_f000 }, 1448],
    [{ version: 6, options: TIMESTAMPS }, 1428],
    [{ protocol: 'udp' }, 1351],
    [{ protocol: 'udp', version: 6, sourcePort: 9 }, 1200],
  ]
  for (const [fields, gsoSize] of kinds)
    appendSuper(source, { ...fields, payload: bytesOf(gsoSize * 40) }, gsoSize)
  const turn = () => {
    target.clear()
    for (let index = 0; index < source.count; index += 1) {
      segmentCount(source, index)
      splitPacket(source, index, 0, target)
    }
    planMerge(plan, target)
  }
  const measure = () => {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let round = 0; round < ROUNDS; round += 1) turn()
    return (process.memoryUsage().heapUsed - before) / (ROUNDS * target.count)
  }
  // The first runs are those of the interpreter and of the compilers, which may take their time.
  let perPacket = measure()
  for (let run = 0; run < 20 && Math.abs(perPacket) >= 1; run += 1) perPacket = measure()
  expect(plan.count).toBe(4)
  expect(target.count).toBe(160)
  // One object per packet would be 16 bytes at the very least.
  expect(Math.abs(perPacket)).toBeLessThan(1)
})
