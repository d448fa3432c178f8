import { PayloadWriter } from '@slatfatf/netlink'
import { describe, expect, test } from 'vitest'
import { viewOf } from '../../test/captured.js'
import type { FlowChange } from '../flow/flow-change.js'
import type { NewFlow } from '../flow/new-flow.js'
import { plainReply } from '../nat/plain-reply.js'
import { CTA_MARK, CTA_MARK_MASK } from './constants.js'
import { decodeFlow } from './decode-flow.js'
import { writeFlowChange, writeFlowKey, writeNewFlow } from './encode-flow.js'

const tcp = {
  source: '192.0.2.1',
  destination: '198.51.100.1',
  protocol: 'tcp',
  sourcePort: 1,
  destinationPort: 2,
} as const
const flow: NewFlow = { original: tcp, timeoutSeconds: 10 }

function encode(flow: NewFlow): Uint8Array {
  const writer = new PayloadWriter()
  writeNewFlow(writer, flow, plainReply(flow))
  return writer.finish()
}

function change(change: FlowChange): Uint8Array {
  const writer = new PayloadWriter()
  writeFlowChange(writer, change)
  return writer.finish()
}

test('without a reply tuple the inversion of the original is sent', () => {
  expect(decodeFlow(viewOf(encode(flow))).reply).toEqual({
    source: '198.51.100.1',
    destination: '192.0.2.1',
    protocol: 'tcp',
    sourcePort: 2,
    destinationPort: 1,
  })
})

test('addresses as bytes say the same as addresses as text', () => {
  const bytes = { ...tcp, source: Uint8Array.of(192, 0, 2, 1), destination: Uint8Array.of(198, 51, 100, 1) }
  expect(encode({ ...flow, original: bytes })).toEqual(encode(flow))
})

test('mark 0 and zone 0 are sent, what is absent is not', () => {
  const zero = decodeFlow(viewOf(encode({ ...flow, mark: 0, zone: 0, status: 0 })))
  expect(zero).toMatchObject({ mark: 0, zone: 0, status: 0 })
  const absent = decodeFlow(viewOf(encode(flow)))
  expect([absent.mark, absent.zone, absent.status]).toEqual([undefined, undefined, undefined])
})

test('a masked mark sends no bit outside of its mask, which the kernel would flip', () => {
  const expected = new PayloadWriter().uint32BE(CTA_MARK, 0x0f).uint32BE(CTA_MARK_MASK, 0x0f).finish()
  expect(change({ mark: { value: 0xff, mask: 0x0f } })).toEqual(expected)
  expect(change({ mark: { value: 0xffffffff, mask: 0xffffffff } }).length).toBe(16)
})

test('a reply may name its protocol by number where the original has the name', () => {
  const reply = { ...plainReply(flow), protocol: 6 }
  expect(encode({ ...flow, reply })).toEqual(encode(flow))
})

test('a key is one tuple: the original if there are both', () => {
  const key = (given: Parameters<typeof writeFlowKey>[1]) => {
    const writer = new PayloadWriter()
    writeFlowKey(writer, given)
    return writer.finish()
  }
  const reply = plainReply(flow)
  expect(key({ original: tcp, reply })).toEqual(key({ original: tcp }))
  expect(key({ reply })).not.toEqual(key({ original: tcp }))
  expect(() => key({ zone: 1 })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
})

const icmp = { source: '192.0.2.1', destination: '198.51.100.1', protocol: 'icmp' } as const

describe('what is no flow is refused before it is sent', () => {
  test.each<[string, unknown, string]>([
    ['an option that does not exist', { ...flow, timeout: 5 }, 'ERR_INVALID_ARG_VALUE'],
    [
      'a field of the tuple that does not exist',
      { ...flow, original: { ...tcp, src: 1 } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['a timeout of 0, which would end at once', { ...flow, timeoutSeconds: 0 }, 'ERR_INVALID_ARG_VALUE'],
    ['no timeout', { original: tcp }, 'ERR_INVALID_ARG_TYPE'],
    ['no port', { ...flow, original: { ...tcp, sourcePort: undefined } }, 'ERR_INVALID_ARG_TYPE'],
    ['a port too large', { ...flow, original: { ...tcp, sourcePort: 65536 } }, 'ERR_INVALID_ARG_VALUE'],
    [
      'addresses of two families',
      { ...flow, original: { ...tcp, destination: '::1' } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'a text that is no address',
      { ...flow, original: { ...tcp, source: '192.0.2' } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'a protocol without a name',
      { ...flow, original: { ...tcp, protocol: 'tpc' } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'ports of ICMP',
      { ...flow, original: { ...icmp, sourcePort: 1, destinationPort: 2 } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['ICMP without its fields', { ...flow, original: icmp }, 'ERR_INVALID_ARG_TYPE'],
    [
      'an ICMP type that nothing answers',
      { ...flow, original: { ...icmp, icmp: { type: 3, code: 0, id: 1 } } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['a mark of more than 32 bits', { ...flow, mark: 2 ** 32 }, 'ERR_INVALID_ARG_VALUE'],
    ['a negative mark', { ...flow, mark: -1 }, 'ERR_INVALID_ARG_VALUE'],
    ['a zone of more than 16 bits', { ...flow, zone: 65536 }, 'ERR_INVALID_ARG_VALUE'],
    [
      'a state that TCP does not have',
      { ...flow, protocolInfo: { tcp: { state: 'OPEN' } } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['no object as reply', { ...flow, reply: null }, 'ERR_INVALID_ARG_TYPE'],
    ['a reply without addresses', { ...flow, reply: {} }, 'ERR_INVALID_ARG_TYPE'],
    ['fields of ICMP that are none', { ...flow, original: { ...icmp, icmp: null } }, 'ERR_INVALID_ARG_TYPE'],
    [
      'fields of ICMP in a tuple of TCP, which would not be sent',
      { ...flow, original: { ...tcp, icmp: { type: 8, code: 0, id: 1 } } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'a state of TCP for a flow of UDP, which the kernel would pass over',
      { ...flow, original: { ...tcp, protocol: 'udp' }, protocolInfo: { tcp: { state: 'ESTABLISHED' } } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['labels of 5 bytes', { ...flow, labels: new Uint8Array(5) }, 'ERR_INVALID_ARG_VALUE'],
    ['labels of 20 bytes', { ...flow, labels: new Uint8Array(20) }, 'ERR_INVALID_ARG_VALUE'],
    [
      'a name of a helper that is too long',
      { ...flow, helper: { name: 'x'.repeat(16) } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['a translation to nothing', { ...flow, nat: { source: {} } }, 'ERR_INVALID_ARG_VALUE'],
    [
      'a translation to the other family',
      { ...flow, nat: { source: { address: '::1' } } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'addresses from high to low',
      { ...flow, nat: { source: { address: ['192.0.2.9', '192.0.2.1'] } } },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['ports from high to low', { ...flow, nat: { source: { port: [9, 1] } } }, 'ERR_INVALID_ARG_VALUE'],
    [
      'a reply that is translated already',
      { ...flow, reply: { ...plainReply(flow), source: '203.0.113.1' } },
      'ERR_CONNTRACK_TRANSLATED_REPLY',
    ],
    [
      'a translated reply beside nat',
      { ...flow, reply: { ...plainReply(flow), sourcePort: 9 }, nat: { destination: { port: 9 } } },
      'ERR_CONNTRACK_TRANSLATED_REPLY',
    ],
  ])('%s', (_, wrong, code) => {
    expect(() => encode(wrong as NewFlow)).toThrow(expect.objectContaining({ code }))
  })
})

test.each<[string, unknown]>([
  ['nat', { nat: { source: { port: 1 } } }],
  ['a timeout of 0', { timeoutSeconds: 0 }],
  ['a mask of labels that is shorter', { labels: { bits: new Uint8Array(8), mask: new Uint8Array(4) } }],
  ['null as labels', { labels: null }],
  ['a mark without its mask', { mark: { value: 1 } }],
])('%s is no change', (_, wrong) => {
  expect(() => change(wrong as FlowChange)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^ERR_INVALID_ARG_/) }),
  )
})
