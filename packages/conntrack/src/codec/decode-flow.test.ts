import { isNetlinkError, PayloadWriter } from '@slatfatf/netlink'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { captured, flowNames, viewOf } from '../../test/captured.js'
import { plainReply } from '../nat/plain-reply.js'
import { toNewFlow } from '../nat/to-new-flow.js'
import { decodeFlow } from './decode-flow.js'
import { writeNewFlow } from './encode-flow.js'

const malformed = expect.objectContaining({ code: 'ERR_NETLINK_MALFORMED' })
const v4 = { source: '192.0.2.1', destination: '198.51.100.1' }
const ports = { sourcePort: 40000, destinationPort: 443 }

test('an entry of TCP has its tuples, its state and what the kernel counted', () => {
  expect(decodeFlow(captured('tcp'))).toEqual({
    family: 4,
    original: { ...v4, ...ports, protocol: 'tcp' },
    reply: {
      source: v4.destination,
      destination: v4.source,
      protocol: 'tcp',
      sourcePort: 443,
      destinationPort: 40000,
    },
    id: expect.any(Number),
    status: 8,
    timeout: 599,
    mark: 0,
    use: 1,
    protocolInfo: {
      tcp: {
        state: 'ESTABLISHED',
        windowScaleOriginal: 0,
        windowScaleReply: 0,
        flagsOriginal: { flags: 0, mask: 0 },
        flagsReply: { flags: 0, mask: 0 },
      },
    },
    counters: { original: { packets: 0n, bytes: 0n }, reply: { packets: 0n, bytes: 0n } },
    timestamp: { start: expect.any(BigInt) },
  })
})

test.each([
  ['tcp6', { family: 6, original: { source: '2001:db8::1', destination: '2001:db8:1::1' } }],
  ['udplite', { family: 6, original: { protocol: 'udplite', sourcePort: 40000 } }],
  [
    'icmp',
    { original: { icmp: { type: 8, code: 0, id: 77 } }, reply: { icmp: { type: 0, code: 0, id: 77 } } },
  ],
  ['icmpv6', { original: { icmp: { type: 128, code: 0, id: 78 } }, reply: { icmp: { type: 129, id: 78 } } }],
  [
    'gre',
    {
      original: { greKeys: { source: 1, destination: 2 } },
      reply: { greKeys: { source: 2, destination: 1 } },
    },
  ],
  ['ospf', { original: { ...v4, protocol: 89 } }],
  ['zone', { zone: 5 }],
  ['zonePerDirection', { original: { zone: 6 } }],
  ['helper', { helper: { name: 'ftp' } }],
  ['master', { master: { ...v4, protocol: 'tcp', sourcePort: 40001, destinationPort: 21 } }],
  ['labels', { labels: Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128) }],
  [
    'sctp',
    {
      protocolInfo: {
        sctp: { state: 'COOKIE_ECHOED', verificationTagOriginal: 0xfedcba98, verificationTagReply: 5 },
      },
    },
  ],
  [
    'sequenceAdjustment',
    {
      sequenceAdjustment: {
        original: { correctionPosition: 4_000_000_000, offsetBefore: -3, offsetAfter: 9 },
        reply: { correctionPosition: 5, offsetBefore: 0, offsetAfter: 1 },
      },
      synproxy: { initialSequence: 4_000_000_001, initialTimestamp: 2, timestampOffset: 3 },
    },
  ],
])('the entry %s is read with what is special to it', (name, part) => {
  expect(decodeFlow(captured(name))).toMatchObject(part)
})

test('the event of an end has one field of TCP, which is no mistake', () => {
  const flow = decodeFlow(captured('destroyEvent'))
  expect(flow.protocolInfo).toEqual({ tcp: { state: 'ESTABLISHED' } })
  expect(flow.timestamp!.stop).toBeGreaterThan(flow.timestamp!.start)
  expect(flow.eventTime).toBeGreaterThan(flow.timestamp!.stop!)
})

test('what is absent is absent, what is zero is zero', () => {
  const flow = decodeFlow(captured('tcp'))
  expect(flow.mark).toBe(0)
  expect(flow.zone).toBeUndefined()
  expect(flow.helper).toBeUndefined()
})

test('addresses come as bytes of their own on request', () => {
  const view = captured('tcp')
  const flow = decodeFlow(view, 'bytes')
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(0)
  expect(flow.original.source).toEqual(Uint8Array.of(192, 0, 2, 1))
  expect(decodeFlow(captured('tcp6'), 'bytes').original.source.length).toBe(16)
})

test('attributes of a later kernel are kept, children of known ones passed over', () => {
  const writer = new PayloadWriter(bytesOf(captured('udp')))
  const nest = writer.beginNested(4)
  writer.bytes(99, Uint8Array.of(1)).endNested(nest)
  writer.uint32BE(200, 5).bytes(201, Uint8Array.of(1, 2, 3))
  const flow = decodeFlow(viewOf(writer.finish()))
  expect(flow.protocolInfo).toBeUndefined()
  expect(flow.unknown).toEqual([
    { type: 200, bytes: Uint8Array.of(0, 0, 0, 5) },
    { type: 201, bytes: Uint8Array.of(1, 2, 3) },
  ])
})

test('counters of 32 bits are read as those of 64 bits', () => {
  const writer = new PayloadWriter(bytesOf(captured('newEvent')))
  const nest = writer.beginNested(9)
  writer.uint32BE(3, 7).uint32BE(4, 700).endNested(nest)
  expect(decodeFlow(viewOf(writer.finish())).counters).toEqual({ original: { packets: 7n, bytes: 700n } })
})

test('an entry without a tuple, or of no IP family, is malformed', () => {
  expect(() => decodeFlow(viewOf(Uint8Array.of(2, 0, 0, 0)))).toThrow(malformed)
  expect(() => decodeFlow(viewOf(Uint8Array.of(2, 0)))).toThrow(malformed)
  const bytes = bytesOf(captured('tcp'))
  bytes[0] = 7
  expect(() => decodeFlow(viewOf(bytes))).toThrow(malformed)
})

describe('what the kernel said can be said to it', () => {
  test.each(flowNames.filter((name) => !name.endsWith('Event')))('%s', (name) => {
    const flow = decodeFlow(captured(name))
    const created = toNewFlow(flow)
    const writer = new PayloadWriter()
    writeNewFlow(writer, created, plainReply(created))
    const again = decodeFlow(viewOf(writer.finish()))
    const { id, use, counters, timestamp, status, reply, ...kept } = flow
    expect(again).toMatchObject(kept)
    if (name === 'nat') {
      expect(created.nat).toEqual({
        source: { address: '203.0.113.1', port: 3 },
        destination: { address: '203.0.113.2', port: 4 },
      })
    } else expect(again.reply).toEqual(reply)
  })
})

describe('hostile bytes are read in bounds or refused as malformed, never anything else', () => {
  const whole = fc.constantFrom(...flowNames).map((name) => bytesOf(captured(name)))
  const decode = (bytes: Uint8Array) => {
    try {
      decodeFlow(viewOf(bytes))
    } catch (error) {
      expect(isNetlinkError(error) && error.code).toBe('ERR_NETLINK_MALFORMED')
    }
  }

  test('cut anywhere', () => {
    for (const name of flowNames) {
      const bytes = bytesOf(captured(name))
      for (let length = 0; length < bytes.length; length++) decode(bytes.slice(0, length))
    }
  })

  test('with lengths and types that lie', () => {
    const spoiled = fc
      .tuple(whole, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.nat(400))
      .map(([bytes, changes, cut]) => {
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        return bytes.subarray(0, Math.max(cut, 4))
      })
    fc.assert(fc.property(spoiled, decode), { numRuns: 20_000 })
  })
})

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
}
