import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  subarray,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import {
  appendSuper,
  buildPacket,
  bytesOf,
  type PacketFields,
  segmentsOf,
} from '../offload/testing/build-packet.js'
import { type OffloadState, OffloadSwitch } from './offload-switch.js'
import { RawPath } from './raw-path.js'
import { SplitPath } from './split-path.js'
import { MoodyDriver } from './testing/moody-driver.js'
import { createCounters, readCounters } from './tun-counter.js'

const SEGMENT = 100

/** What a caller writes: some packets of a flow, which a raw queue gets as one super-packet if they are more than one. */
interface Run {
  flow: number
  segments: number
}

// Many of one packet, so that flows alternate.
const segments = oneof(constant(1), integer({ min: 1, max: 9 }))
const runs = array(record({ flow: constantFrom(0, 1, 2, 3), segments }), { minLength: 1, maxLength: 40 })
const moods = array(boolean(), { minLength: 1, maxLength: 60 })
const refusals = subarray(['tcp', 'udp'] as const)

/** Flows 0 and 1 are TCP, 2 and 3 UDP; of each the packets go on where the last ended. */
function fieldsOf(written: readonly Run[]): PacketFields[] {
  const segments = [0, 0, 0, 0]
  return written.map((run) => {
    const before = segments[run.flow]!
    segments[run.flow] = before + run.segments
    return {
      protocol: run.flow < 2 ? 'tcp' : 'udp',
      sourcePort: 1000 + run.flow,
      sequence: before * SEGMENT,
      identification: before,
      payload: bytesOf(run.segments * SEGMENT, 7 + before),
    }
  })
}

/** Packets by their source port, so by flow. */
function byFlow(packets: readonly Uint8Array[]): Record<string, string[]> {
  const flows: Record<string, string[]> = {}
  for (const packet of packets) {
    const flow = `${(packet[20]! << 8) | packet[21]!}`
    flows[flow] = [...(flows[flow] ?? []), Buffer.from(packet).toString('base64')]
  }
  return flows
}

/** Each answer of the driver in its turn, and after the last one it is never full again. */
function inTurn(answers: readonly boolean[]): () => boolean {
  let next = 0
  return () => answers[next++] ?? false
}

function writeAll(path: SplitPath | RawPath, batch: PacketBatch): void {
  let next = 0
  for (let calls = 0; next < batch.count; calls += 1) {
    const before = next
    next = path.write(batch, before)
    expect(next).toBeGreaterThanOrEqual(before)
    expect(calls).toBeLessThan(1000)
  }
}

function statusesOf(batch: PacketBatch): Set<number> {
  return new Set(
    Array.from(
      { length: batch.count },
      (_, i) => batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.status]!,
    ),
  )
}

function stateOf(mode: 'raw' | 'split'): { offload: OffloadSwitch; changes: OffloadState[] } {
  const offload = new OffloadSwitch({ mode, tcp: 'on', udp: 'on' })
  const changes: OffloadState[] = []
  offload.onChange = (state) => changes.push(state)
  return { offload, changes }
}

const paths = {
  raw: (fields: PacketFields[], batch: PacketBatch) => {
    for (const one of fields) {
      if (one.payload.length > SEGMENT) appendSuper(batch, one, SEGMENT)
      else batch.append(buildPacket(one))
    }
  },
  split: (fields: PacketFields[], batch: PacketBatch) => {
    for (const one of fields) for (const packet of segmentsOf(one, SEGMENT)) batch.append(packet)
  },
}

describe.each(['raw', 'split'] as const)(
  '%s, on a driver that is full now and then and refuses super-packets',
  (mode) => {
    test('every packet leaves once, and none overtakes another of its flow', () => {
      assert(
        property(runs, moods, refusals, boolean(), (written, answers, refused, again) => {
          const { offload, changes } = stateOf(mode)
          const counters = createCounters()
          const driver = new MoodyDriver(inTurn(answers), new Set(refused))
          const path =
            mode === 'raw' ? new RawPath(driver, offload, counters) : new SplitPath(driver, offload, counters)
          const fields = fieldsOf(written)
          const batch = new PacketBatch({ packets: 512, slabBytes: 1 << 18 })
          // The same batch once more, or all at once: what is left of an earlier one must not count.
          const half = again ? Math.floor(fields.length / 2) : 0
          for (const part of [fields.slice(0, half), fields.slice(half)]) {
            batch.clear()
            paths[mode](part, batch)
            writeAll(path, batch)
            expect([...statusesOf(batch)].filter((status) => status !== 0)).toEqual([])
          }
          expect(byFlow(driver.taken)).toEqual(byFlow(fields.flatMap((one) => segmentsOf(one, SEGMENT))))

          const { fallbacks, writeErrors, dropAbandoned } = readCounters(counters)
          expect({ writeErrors, dropAbandoned }).toEqual({ writeErrors: 0, dropAbandoned: 0 })
          expect(changes.length > 0).toBe(fallbacks > 0)
          for (const protocol of ['tcp', 'udp'] as const) {
            if (!refused.includes(protocol)) expect(offload.state[protocol]).toBe('on')
          }
          expect(changes.length).toBeLessThanOrEqual(refused.length)
        }),
        { numRuns: 200 },
      )
    })
  },
)

test('the rest of a super-packet that its writer gives up is counted', () => {
  const { offload } = stateOf('raw')
  const counters = createCounters()
  const driver = new MoodyDriver(inTurn([false, false, true]), new Set(['tcp']))
  const path = new RawPath(driver, offload, counters)
  const batch = new PacketBatch()
  const fields = fieldsOf([{ flow: 0, segments: 5 }])
  paths.raw(fields, batch)
  expect(path.write(batch, 0)).toBe(0)
  expect(driver.taken).toHaveLength(1)
  batch.clear()
  batch.append(buildPacket(fieldsOf([{ flow: 1, segments: 1 }])[0]!))
  expect(path.write(batch, 0)).toBe(1)
  expect(driver.taken).toHaveLength(2)
  expect(readCounters(counters)).toMatchObject({ dropAbandoned: 1, fallbacks: 0 })
})
