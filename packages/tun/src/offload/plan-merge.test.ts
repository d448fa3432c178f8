import { array, assert, boolean, constantFrom, integer, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { copyOutput, MergePlan, OUTPUT, planMerge, splitPacket } from './index.js'
import { appendSuper, buildPacket, bytesOf, type PacketFields, segmentsOf } from './testing/build-packet.js'
import { batchOf, chainsOf, deliverPlan, packetsOut, virtioWords } from './testing/deliver-plan.js'

const FIN = 0x01
const SYN = 0x02
const RST = 0x04
const PSH = 0x08
const ACK = 0x10
const URG = 0x20
const ECE = 0x40
const CWR = 0x80
const TIMESTAMPS = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]

function merge(packets: readonly Uint8Array[], { tcp = true, udp = true } = {}) {
  const batch = batchOf(packets)
  const before = { slab: batch.slab.slice(), descriptors: batch.descriptors.slice() }
  const plan = new MergePlan({ packets: batch.capacity })
  expect(planMerge(plan, batch, 0, tcp, udp)).toBe(plan.count)
  expect(Buffer.compare(batch.slab, before.slab)).toBe(0)
  expect(batch.descriptors).toEqual(before.descriptors)
  return { plan, batch, chains: chainsOf(plan), delivered: deliverPlan(plan, batch) }
}

/** Packet `n` of a flow: each goes on where the one before ended. */
function nth(n: number, fields: Partial<PacketFields> = {}): PacketFields {
  return { identification: 100 + n, sequence: 1000 * n, payload: bytesOf(1000, n), ...fields }
}

describe.each([
  { version: 4, protocol: 'tcp' },
  { version: 6, protocol: 'tcp' },
  { version: 4, protocol: 'udp' },
  { version: 6, protocol: 'udp' },
] as const)('$protocol over IPv$version:', ({ version, protocol }) => {
  const kind = { version, protocol }
  const build = (n: number, fields: Partial<PacketFields> = {}) => buildPacket(nth(n, { ...kind, ...fields }))

  test('packets in sequence become the super-packet that the kernel would have handed over', () => {
    const options = protocol === 'tcp' ? TIMESTAMPS : []
    const whole = nth(0, { ...kind, options, payload: bytesOf(3500), flags: ACK | PSH, tos: 2, ttl: 9 })
    const { delivered, chains } = merge(segmentsOf(whole, 1000))
    expect(chains).toEqual([[0, 1, 2, 3]])
    const expected = new PacketBatch()
    appendSuper(expected, whole, 1000)
    expect([...delivered.packet(0)]).toEqual([...expected.packet(0)])
    expect(virtioWords(delivered, 0)).toEqual(virtioWords(expected, 0))
  })

  test('packets of other flows in between change nothing', () => {
    const packets: Uint8Array[] = []
    for (let n = 0; n < 4; n += 1) for (const sourcePort of [1, 2, 3]) packets.push(build(n, { sourcePort }))
    expect(merge(packets).chains).toEqual([
      [0, 3, 6, 9],
      [1, 4, 7, 10],
      [2, 5, 8, 11],
    ])
  })

  test.each<[string, Partial<PacketFields>]>([
    ['another source port', { sourcePort: 2 }],
    ['another destination port', { destinationPort: 2 }],
    ['another address', version === 4 ? { source: [192, 0, 2, 9] } : { source: [...Array(15).fill(0), 1] }],
  ])('%s is another flow', (_, fields) => {
    expect(merge([build(0), build(1, fields), build(1), build(2, fields)]).chains).toEqual([
      [0, 2],
      [1, 3],
    ])
  })

  test.each<[string, Partial<PacketFields>]>([
    ['TTL or hop limit', { ttl: 63 }],
    ['ToS or traffic class', { tos: 4 }],
    ...(version === 4 ? ([['DF', { dontFragment: false }]] as [string, Partial<PacketFields>][]) : []),
    ...(version === 6 ? ([['flow label', { flowLabel: 7 }]] as [string, Partial<PacketFields>][]) : []),
  ])('another %s begins another output', (_, fields) => {
    expect(merge([build(0), build(1), build(2, fields), build(3, fields), build(4)]).chains).toEqual([
      [0, 1],
      [2, 3],
      [4],
    ])
  })

  test('a shorter packet is the last of its output, and a longer one begins another', () => {
    const lengths = [1000, 1000, 999, 999, 1000]
    let at = 0
    const packets = lengths.map((length, n) => {
      at += n === 0 ? 0 : lengths[n - 1]!
      return build(n, { sequence: at, payload: bytesOf(length, n) })
    })
    expect(merge(packets).chains).toEqual([[0, 1, 2], [3], [4]])
  })

  test('an output has at most 64 packets and at most 65,535 bytes', () => {
    const small = Array.from({ length: 130 }, (_, n) =>
      build(n, { sequence: n * 10, payload: bytesOf(10, n) }),
    )
    expect(merge(small).chains.map(({ length }) => length)).toEqual([64, 64, 2])
    const large = Array.from({ length: 50 }, (_, n) =>
      build(n, { sequence: n * 1440, payload: bytesOf(1440, n) }),
    )
    const { chains, delivered } = merge(large)
    expect(chains.map(({ length }) => length)).toEqual([45, 5])
    expect(delivered.packet(0).length).toBeLessThanOrEqual(65535)
  })

  test.each(['head', 'second', 'third'])(
    'a corrupt %s goes alone, as it is, and what follows does not pass it',
    (place) => {
      const corrupt = { head: 0, second: 1, third: 2 }[place]!
      const packets = [0, 1, 2, 3].map((n) => build(n))
      packets[corrupt]![500]! ^= 1
      const { chains, batch, delivered } = merge(packets)
      expect(chains).toEqual(
        [
          [[0], [1, 2, 3]],
          [[0], [1], [2, 3]],
          [[0, 1], [2], [3]],
        ][corrupt],
      )
      const alone = chains.findIndex(([head]) => head === corrupt)
      expect([...delivered.packet(alone)]).toEqual([...batch.packet(corrupt)])
      expect(virtioWords(delivered, alone)).toEqual([0, 0, 0, 0, 0, 0])
    },
  )

  test('a protocol that is switched off is not merged', () => {
    const off = protocol === 'tcp' ? { tcp: false } : { udp: false }
    expect(merge([build(0), build(1)], off).chains).toEqual([[0], [1]])
    const other = protocol === 'tcp' ? { udp: false } : { tcp: false }
    expect(merge([build(0), build(1)], other).chains).toEqual([[0, 1]])
  })

  test('a packet with options, extension headers, or of a fragment is a barrier for every flow', () => {
    const between =
      version === 4
        ? { next: 0, bytes: [1, 1, 1, 0] }
        : { next: 60, bytes: [protocol === 'tcp' ? 6 : 17, 0, 1, 4, 0, 0, 0, 0] }
    const fragmentHeader = { next: 44, bytes: [protocol === 'tcp' ? 6 : 17, 0, 0, 1, 0, 0, 0, 9] }
    const barriers = [build(9, { between }), build(9, version === 6 ? { between: fragmentHeader } : {})]
    if (version === 4) barriers[1]!.set([0, 7], 6)
    for (const barrier of barriers) {
      expect(merge([build(0), build(1), barrier, build(2), build(3)]).chains).toEqual([[0, 1], [2], [3, 4]])
    }
  })

  test('a length that contradicts the packet is never repaired', () => {
    const at = version === 4 ? 2 : 4
    for (const spoil of [-1, 1]) {
      const lying = build(1)
      lying[at + 1]! += spoil
      const { chains, delivered } = merge([build(0), lying, build(2)])
      expect(chains).toEqual([[0], [1], [2]])
      expect([...delivered.packet(1)]).toEqual([...lying])
    }
  })

  test('an unfinished packet keeps its virtio words and closes its flow', () => {
    const batch = new PacketBatch({ packets: 8 })
    for (const packet of [build(0), build(1)]) batch.append(packet)
    const index = appendSuper(batch, nth(2, { ...kind, payload: bytesOf(1000) }), 500)
    batch.append(build(3))
    const plan = new MergePlan({ packets: 8 })
    planMerge(plan, batch)
    expect(chainsOf(plan)).toEqual([[0, 1], [2], [3]])
    expect(virtioWords(deliverPlan(plan, batch), 1)).toEqual(virtioWords(batch, index))
  })
})

describe('TCP:', () => {
  const build = (n: number, fields: Partial<PacketFields> = {}) => buildPacket(nth(n, fields))

  test.each<[string, Partial<PacketFields>]>([
    ['a gap', { sequence: 2001 }],
    ['a repetition', { sequence: 500 }],
    ['another acknowledgment', { acknowledgment: 5001 }],
    ['another window', { window: 502 }],
    ['options where there were none', { options: TIMESTAMPS }],
    ['an urgent pointer', { urgent: 1 }],
    ['SYN', { flags: ACK | SYN }],
    ['RST', { flags: ACK | RST }],
    ['URG', { flags: ACK | URG }],
    ['CWR', { flags: ACK | CWR }],
    ['ECE', { flags: ACK | ECE }],
    ['no ACK', { flags: PSH }],
    ['no payload', { payload: new Uint8Array(0) }],
  ])('%s closes the output, so that nothing overtakes it', (_, fields) => {
    const { chains } = merge([build(0), build(1), build(2, fields), build(2), build(3)])
    expect(chains[0]).toEqual([0, 1])
    expect(chains[1]).toEqual([2])
    expect(chains[2]).toEqual([3, 4])
  })

  test('other timestamps begin another output', () => {
    const later = [...TIMESTAMPS.slice(0, -1), 9]
    const packets = [TIMESTAMPS, TIMESTAMPS, later, later].map((options, n) => build(n, { options }))
    expect(merge(packets).chains).toEqual([
      [0, 1],
      [2, 3],
    ])
  })

  test.each([PSH, FIN, FIN | PSH])(
    'flags %i are taken over from the last packet, and end the output',
    (flags) => {
      const { chains, delivered } = merge([build(0), build(1, { flags: ACK | flags }), build(2), build(3)])
      expect(chains).toEqual([
        [0, 1],
        [2, 3],
      ])
      expect(delivered.packet(0)[33]).toBe(ACK | flags)
      expect(delivered.packet(1)[33]).toBe(ACK)
    },
  )

  test('a packet with PSH that begins an output ends it too', () => {
    expect(merge([build(0, { flags: ACK | PSH }), build(1), build(2)]).chains).toEqual([[0], [1, 2]])
  })

  test('ECE on all packets is kept', () => {
    const packets = [0, 1].map((n) => build(n, { flags: ACK | ECE }))
    const { chains, delivered } = merge(packets)
    expect(chains).toEqual([[0, 1]])
    expect(packetsOut(delivered)).toEqual(packets)
  })

  test('the sequence number wraps', () => {
    const packets = [0, 1, 2].map((n) => build(n, { sequence: (0xffff_fc18 + n * 1000) >>> 0 }))
    const { chains, delivered } = merge(packets)
    expect(chains).toEqual([[0, 1, 2]])
    expect(packetsOut(delivered)).toEqual(packets)
  })

  test('a header that leaves the packet or is below the least is not read', () => {
    for (const dataOffset of [0x40, 0xf0]) {
      const bad = buildPacket(nth(1, { payload: bytesOf(10) }))
      bad[32] = dataOffset
      expect(merge([build(0), bad, build(1)]).chains).toEqual([[0], [1], [2]])
    }
  })
})

describe('UDP:', () => {
  const build = (n: number, fields: Partial<PacketFields> = {}) =>
    buildPacket(nth(n, { protocol: 'udp', ...fields }))

  test('a datagram without a checksum goes alone and closes its flow', () => {
    const bare = build(1)
    bare.set([0, 0], 26)
    expect(merge([build(0), bare, build(2), build(3)]).chains).toEqual([[0], [1], [2, 3]])
  })

  test('an empty datagram closes its flow', () => {
    const empty = build(1, { payload: new Uint8Array(0) })
    expect(merge([build(0), empty, build(2), build(3)]).chains).toEqual([[0], [1], [2, 3]])
  })

  test('a datagram shorter than its packet goes alone', () => {
    const short = build(1)
    short[25]! -= 1
    expect(merge([build(0), short, build(2)]).chains).toEqual([[0], [1], [2]])
  })
})

describe('IPv4 identifications', () => {
  const numbered = (identifications: number[], dontFragment: boolean) =>
    merge(identifications.map((identification, n) => buildPacket(nth(n, { identification, dontFragment }))))

  test('must count up by one', () => {
    expect(numbered([0xffff, 0, 1], false).chains).toEqual([[0, 1, 2]])
    expect(numbered([5, 7, 8], false).chains).toEqual([[0], [1, 2]])
    expect(numbered([5, 5, 5], false).chains).toEqual([[0], [1], [2]])
  })

  test('may all be the same where DF says that they mean nothing; cutting numbers them', () => {
    const { chains, delivered } = numbered([0, 0, 0], true)
    expect(chains).toEqual([[0, 1, 2]])
    expect(packetsOut(delivered).map((packet) => packet[5])).toEqual([0, 1, 2])
    expect(numbered([0, 1, 1], true).chains).toEqual([[0, 1], [2]])
    expect(numbered([0, 0, 1], true).chains).toEqual([[0, 1], [2]])
  })
})

test('packets of length 0 are left out, and planning begins where it is told', () => {
  const batch = batchOf([0, 1, 2, 3].map((n) => buildPacket(nth(n))))
  const plan = new MergePlan()
  expect(planMerge(plan, batch, 2)).toBe(1)
  expect(chainsOf(plan)).toEqual([[2, 3]])
  batch.descriptors[2 * DESCRIPTOR_WORDS + DESCRIPTOR.length] = 0
  expect(planMerge(plan, batch, 1)).toBe(2)
  expect(chainsOf(plan)).toEqual([[1], [3]])
})

test('an output that the driver must refuse stays one: outside the slab, or virtio words that do not fit', () => {
  const batch = batchOf([0, 1, 2].map((n) => buildPacket(nth(n))))
  batch.descriptors[DESCRIPTOR.offset] = -5
  batch.descriptors[DESCRIPTOR_WORDS + DESCRIPTOR.gsoType] = 0x100
  const plan = new MergePlan()
  expect(planMerge(plan, batch)).toBe(3)
  expect([...plan.pieces.subarray(0, 2)]).toEqual([-5, 1040])
  expect(plan.pieces[4]).toBe(0)
  expect(plan.headers.every((byte) => byte === 0)).toBe(true)
})

test('a batch that the plan has no room for is refused', () => {
  const batch = batchOf([0, 1, 2].map((n) => buildPacket(nth(n))))
  const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  expect(() => planMerge(new MergePlan({ packets: 2 }), batch)).toThrow(value)
  expect(() => planMerge(new MergePlan(), batch, 4)).toThrow(value)
  expect(() => new MergePlan({ packets: 0 })).toThrow(value)
})

test('hundreds of flows in one batch are each merged', () => {
  const packets: Uint8Array[] = []
  for (let n = 0; n < 3; n += 1) {
    for (let flow = 0; flow < 300; flow += 1) {
      packets.push(buildPacket(nth(n, { sourcePort: flow, sequence: n * 8, payload: bytesOf(8, n) })))
    }
  }
  const { chains } = merge(packets)
  // A flow that finds no slot within the probes is not merged; that must stay an exception.
  expect(chains.filter(({ length }) => length === 3).length).toBeGreaterThan(290)
  expect(chains.flat().sort((a, b) => a - b)).toEqual(packets.map((_, index) => index))
})

const flow = record({
  version: constantFrom(4 as const, 6 as const),
  protocol: constantFrom('tcp' as const, 'udp' as const),
})
const turn = record({
  flow: integer({ min: 0, max: 2 }),
  length: constantFrom(0, 1, 7, 100, 100, 100, 100, 101),
  flags: constantFrom(ACK, ACK, ACK, ACK, ACK | PSH, ACK | FIN, ACK | CWR, ACK | SYN),
  isGap: integer({ min: 0, max: 9 }).map((n) => n === 0),
  flip: integer({ min: 0, max: 400 }),
})

test('cutting what was merged gives the same packets, each flow in its order', () => {
  assert(
    property(
      array(flow, { minLength: 3, maxLength: 3 }),
      array(turn, { minLength: 1, maxLength: 60 }),
      boolean(),
      (flows, turns, isHostile) => {
        const next = flows.map(() => ({ sequence: 0xffff_ff00, identification: 0xfff0 }))
        const packets = turns.map(({ flow, length, flags, isGap, flip }) => {
          const state = next[flow]!
          if (isGap) state.sequence += 1
          const { sequence, identification } = state
          const packet = buildPacket({
            ...flows[flow]!,
            sourcePort: flow + 1,
            sequence: sequence >>> 0,
            identification: identification & 0xffff,
            flags,
            payload: bytesOf(length, sequence),
          })
          state.sequence += length
          state.identification += 1
          if (isHostile && flip < packet.length) packet[flip]! ^= 0x11
          return packet
        })
        const { delivered, chains } = merge(packets)
        expect(chains.flat().sort((a, b) => a - b)).toEqual(packets.map((_, index) => index))
        const out = packetsOut(delivered)
        const text = (packet: Uint8Array) => Buffer.from(packet).toString('hex')
        expect(out.map(text).sort()).toEqual(packets.map(text).sort())
        const key = (packet: Uint8Array) => {
          const [at, end, header, protocol] = packet[0]! >>> 4 === 4 ? [12, 24, 20, 9] : [8, 44, 40, 6]
          return `${packet[0]! >>> 4} ${packet[protocol!]} ${text(packet.subarray(at, end))} ${header}`
        }
        for (const flowKey of new Set(packets.map(key))) {
          const own = (packet: Uint8Array) => key(packet) === flowKey
          expect(out.filter(own).map(text)).toEqual(packets.filter(own).map(text))
        }
      },
    ),
    { seed: 4, numRuns: 300 },
  )
})

test('merging what was cut gives back the super-packet', () => {
  const superPacket = record({
    flow,
    identification: integer({ min: 0, max: 0xffff }),
    sequence: integer({ min: 0, max: 0xffff_ffff }),
    flags: constantFrom(ACK, ACK | PSH, ACK | FIN | PSH, ACK | ECE),
    options: constantFrom([], TIMESTAMPS),
    gsoSize: integer({ min: 1, max: 1448 }),
    segments: integer({ min: 2, max: 45 }),
    last: integer({ min: 1, max: 1448 }),
  })
  assert(
    property(superPacket, ({ flow, gsoSize, segments, last, ...fields }) => {
      const payload = bytesOf(gsoSize * (segments - 1) + Math.min(last, gsoSize), last)
      const options = flow.protocol === 'tcp' ? fields.options : []
      const source = new PacketBatch()
      appendSuper(source, { ...flow, ...fields, options, payload }, gsoSize)
      const cut = new PacketBatch()
      splitPacket(source, 0, 0, cut)
      const plan = new MergePlan()
      expect(planMerge(plan, cut)).toBe(1)
      const delivered = deliverPlan(plan, cut)
      expect(Buffer.compare(delivered.packet(0), source.packet(0))).toBe(0)
      expect(virtioWords(delivered, 0)).toEqual(virtioWords(source, 0))
    }),
    { seed: 5, numRuns: 150 },
  )
})

test('no descriptors and no bytes make it throw, change the batch, or lose a packet', () => {
  const slabBytes = 1 << 17
  const place = constantFrom(
    0,
    -1,
    64,
    128,
    1088,
    2112,
    65535,
    65536,
    slabBytes - 20,
    slabBytes,
    0x7fffffff,
    -0x80000000,
  )
  const words = tuple(
    place,
    constantFrom(0, 1, 19, 20, 40, 60, 1040, 1500, 65535, 65536, -1, 0x7fffffff),
    constantFrom(0, 0, 0, 0, 1, 2, 256, -1),
    constantFrom(0, 0, 0, 1, 5, 256),
  )
  const flips = array(tuple(integer({ min: 0, max: 4000 }), integer({ min: 0, max: 255 })), { maxLength: 20 })
  assert(
    property(array(words, { minLength: 1, maxLength: 16 }), flips, (descriptors, flipped) => {
      const batch = new PacketBatch({ slabBytes, packets: 16 })
      for (let n = 0; n < 4; n += 1) batch.append(buildPacket(nth(n)))
      for (const [at, byte] of flipped) batch.slab[64 + at] = byte
      batch.count = Math.max(4, descriptors.length)
      descriptors.forEach(([offset, length, flags, gsoType], index) => {
        if (index % 2 === 0) return
        batch.descriptors.set([offset, length, flags, gsoType], index * DESCRIPTOR_WORDS)
      })
      const before = batch.slab.slice()
      const plan = new MergePlan({ packets: 16 })
      planMerge(plan, batch)
      expect(Buffer.compare(batch.slab, before)).toBe(0)
      const written = Array.from({ length: batch.count }, (_, index) => index).filter(
        (index) => batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.length] !== 0,
      )
      expect(
        chainsOf(plan)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual(written)
      for (let output = 0; output < plan.count; output += 1) {
        const header = plan.outputs[output * 4 + OUTPUT.header]!
        expect(
          header >= 0 && header + plan.outputs[output * 4 + OUTPUT.headerLength]! <= plan.headers.length,
        ).toBe(true)
      }
      const bytes = new Uint8Array(65535)
      for (let output = 0; output < plan.count; output += 1) {
        expect(copyOutput(plan, batch, output, bytes)).toBeGreaterThanOrEqual(-1)
      }
    }),
    { seed: 6, numRuns: 400 },
  )
})
