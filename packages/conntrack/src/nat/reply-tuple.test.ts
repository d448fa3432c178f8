import { expect, test } from 'vitest'
import type { Flow } from '../flow/flow.js'
import type { Tuple } from '../flow/tuple.js'
import { plainReply } from './plain-reply.js'
import { prepareTcp } from './prepare-tcp.js'
import { replyTuple } from './reply-tuple.js'
import { toNewFlow } from './to-new-flow.js'

const ends = { source: '192.0.2.1', destination: '198.51.100.1' }
const turned = { source: '198.51.100.1', destination: '192.0.2.1' }
const tcp: Tuple = { ...ends, protocol: 'tcp', sourcePort: 1, destinationPort: 2 }

test.each<[Tuple, Tuple]>([
  [tcp, { ...turned, protocol: 'tcp', sourcePort: 2, destinationPort: 1 }],
  [
    { ...ends, protocol: 'icmp', icmp: { type: 8, code: 0, id: 7 } },
    { ...turned, protocol: 'icmp', icmp: { type: 0, code: 0, id: 7 } },
  ],
  [
    { ...ends, protocol: 'icmp', icmp: { type: 14, code: 0, id: 7 } },
    { ...turned, protocol: 'icmp', icmp: { type: 13, code: 0, id: 7 } },
  ],
  [
    { ...ends, protocol: 58, icmp: { type: 128, code: 0, id: 7 } },
    { ...turned, protocol: 58, icmp: { type: 129, code: 0, id: 7 } },
  ],
  [
    { ...ends, protocol: 'gre', greKeys: { source: 1, destination: 2 } },
    { ...turned, protocol: 'gre', greKeys: { source: 2, destination: 1 } },
  ],
  [
    { ...ends, protocol: 89 },
    { ...turned, protocol: 89 },
  ],
])('the reply of %j is its inversion, and the inversion of that is itself', (original, reply) => {
  expect(replyTuple(original)).toEqual(reply)
  expect(replyTuple(reply)).toEqual(original)
})

test('the zone of one direction does not become that of the other', () => {
  expect(replyTuple({ ...tcp, zone: 5 }).zone).toBeUndefined()
  expect(plainReply({ original: tcp, reply: { ...replyTuple(tcp), zone: 6 }, timeoutSeconds: 1 }).zone).toBe(
    6,
  )
})

test('a plain reply may be spelled otherwise', () => {
  const original: Tuple = { ...tcp, source: '2001:db8::1', destination: '2001:db8::2' }
  const reply = { ...replyTuple(original), source: '2001:0DB8:0::2' }
  expect(plainReply({ original, reply, timeoutSeconds: 1 })).toEqual(replyTuple(original))
})

test('a prepared connection says that nothing has been sent', () => {
  const { protocol, ...original } = tcp as Required<Tuple>
  expect(prepareTcp({ original: { ...ends, sourcePort: 1, destinationPort: 2 }, mark: 0, zone: 0 })).toEqual({
    original: { ...original, protocol },
    timeoutSeconds: 120,
    status: 8,
    protocolInfo: { tcp: { state: 'SYN_SENT' } },
    mark: 0,
    zone: 0,
  })
  expect(() => prepareTcp({ original: tcp as never })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})

test('an entry read elsewhere becomes one that is translated again, without what the kernel sets', () => {
  const flow: Flow = {
    family: 4,
    original: tcp,
    reply: {
      source: '203.0.113.2',
      destination: '192.0.2.1',
      protocol: 'tcp',
      sourcePort: 2,
      destinationPort: 50,
    },
    id: 5,
    status: 0x1be,
    timeout: 0,
    mark: 0,
    use: 2,
    counters: { original: { packets: 1n, bytes: 2n } },
  }
  expect(toNewFlow(flow)).toEqual({
    original: tcp,
    timeoutSeconds: 1,
    nat: { destination: { address: '203.0.113.2', port: 2 }, source: { port: 50 } },
    status: 0x0e,
    mark: 0,
  })
})
