import { expect, test } from 'vitest'
import type { Flow } from '../../flow/flow.js'
import { STATUS } from '../../flow/status.js'
import { replyTuple } from '../../nat/reply-tuple.js'
import { FLOW_COLUMNS } from './flow-columns.js'

function cells(flow: Flow): Record<string, unknown> {
  return Object.fromEntries(
    FLOW_COLUMNS.map(({ name, value }) => [name, value(flow)]).filter(([, value]) => value !== undefined),
  )
}

const tcp = {
  protocol: 'tcp',
  source: '2001:db8::1',
  destination: '2001:db8::2',
  sourcePort: 4000,
  destinationPort: 443,
} as const

test('a flow with everything', () => {
  const flow: Flow = {
    family: 6,
    original: tcp,
    reply: { ...replyTuple(tcp), destinationPort: 9000 },
    id: 7,
    status: STATUS.CONFIRMED | STATUS.SEEN_REPLY | STATUS.SRC_NAT | STATUS.SRC_NAT_DONE,
    timeout: 0,
    mark: 0,
    zone: 5,
    protocolInfo: { tcp: { state: 'ESTABLISHED' } },
    counters: { original: { packets: 1n, bytes: 2n ** 63n }, reply: { packets: 2n, bytes: 1n } },
  }
  expect(cells(flow)).toEqual({
    PROTOCOL: 'tcp',
    STATE: 'ESTABLISHED',
    TIMEOUT: 0,
    SOURCE: '[2001:db8::1]:4000',
    DESTINATION: '[2001:db8::2]:443',
    'REPLY-SOURCE': '[2001:db8::2]:443',
    'REPLY-DESTINATION': '[2001:db8::1]:9000',
    BYTES: 2n ** 63n + 1n,
    PACKETS: 3n,
    MARK: 0,
    ZONE: 5,
    ID: 7,
    STATUS: 'SEEN_REPLY,SRC_NAT',
  })
})

test('a ping, in a zone of the reply direction alone', () => {
  const original = {
    protocol: 'icmp',
    source: '192.0.2.1',
    destination: '192.0.2.2',
    icmp: { type: 8, code: 0, id: 77 },
  } as const
  const reply = { ...replyTuple(original), zone: 5 }
  expect(cells({ family: 4, original, reply, status: STATUS.CONFIRMED })).toEqual({
    PROTOCOL: 'icmp',
    STATE: '8/0/77',
    SOURCE: '192.0.2.1',
    DESTINATION: '192.0.2.2',
    'REPLY-SOURCE': '192.0.2.2',
    'REPLY-DESTINATION': '192.0.2.1',
    ZONE: '0/5',
  })
})

test('keys of GRE stand where ports stand', () => {
  const original = {
    protocol: 'gre',
    source: '192.0.2.1',
    destination: '192.0.2.2',
    greKeys: { source: 1, destination: 2 },
  } as const
  expect(cells({ family: 4, original, reply: replyTuple(original) })).toMatchObject({
    SOURCE: '192.0.2.1:1',
    'REPLY-DESTINATION': '192.0.2.1:1',
  })
})
