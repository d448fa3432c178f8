import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allCaptured, capturedDone, PORT_ID, SEQUENCE } from '../../test/captured.js'
import { NLM_F_MULTI, NLMSG_DONE } from '../constants.js'
import { isNetlinkError } from '../errors/netlink-error.js'
import { decodeMessages, encodeMessages, type NetlinkMessage } from './message.js'

function decode(bytes: Uint8Array): NetlinkMessage[] {
  const messages: NetlinkMessage[] = []
  decodeMessages(bytes, 0, bytes.length, (message) => messages.push(message))
  return messages
}

test("a message of the kernel has its header's fields", () => {
  const [message] = decode(capturedDone)
  expect(message).toMatchObject({
    type: NLMSG_DONE,
    flags: NLM_F_MULTI,
    sequence: SEQUENCE,
    portId: PORT_ID,
  })
  expect(message!.payload.byteLength).toBe(4)
})

test('messages joined into one datagram come out one by one', () => {
  const outgoing = fc.record({
    type: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    sequence: fc.nat(),
    payload: fc.uint8Array(),
  })
  fc.assert(
    fc.property(fc.array(outgoing), (messages) => {
      const decoded = decode(encodeMessages(messages)).map(({ type, flags, sequence, payload }) => {
        const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength).slice()
        return { type, flags, sequence, payload: bytes }
      })
      expect(decoded).toEqual(messages)
    }),
  )
})

test('a cut datagram gives its whole messages, then is refused as malformed', () => {
  const bytes = encodeMessages(
    [1, 2].map((type) => ({ type, flags: 0, sequence: 0, payload: new Uint8Array(8) })),
  )
  const types: number[] = []
  expect(() => decodeMessages(bytes, 0, bytes.length - 4, ({ type }) => types.push(type))).toThrow(
    expect.objectContaining({ code: 'ERR_NETLINK_MALFORMED' }),
  )
  expect(types).toEqual([1])
})

test('spoiled messages of the kernel are read in bounds or refused as malformed', () => {
  const spoiled = fc
    .tuple(fc.constantFrom(...allCaptured), fc.array(fc.tuple(fc.nat(2_000), fc.nat(255))), fc.nat(2_000))
    .map(([captured, changes, cut]) => {
      const bytes = captured.slice(0, cut)
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return bytes
    })
  fc.assert(
    fc.property(spoiled, (bytes) => {
      try {
        decode(bytes)
      } catch (error) {
        expect(isNetlinkError(error) && error.code).toBe('ERR_NETLINK_MALFORMED')
      }
    }),
    { numRuns: 2_000 },
  )
})
