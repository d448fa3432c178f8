import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  capturedAck,
  capturedDone,
  capturedInvalidGateway,
  capturedInvalidName,
} from '../../test/captured.js'
import { NLM_F_ACK_TLVS } from '../constants.js'
import { isNetlinkError } from '../errors/netlink-error.js'
import { type Acknowledgement, decodeAcknowledgement } from './acknowledgement.js'
import { decodeMessages } from './message.js'

function decode(bytes: Uint8Array): Acknowledgement[] {
  const acknowledgements: Acknowledgement[] = []
  decodeMessages(bytes, 0, bytes.length, (message) => acknowledgements.push(decodeAcknowledgement(message)))
  return acknowledgements
}

test('an acknowledgement without an error number is success', () => {
  expect(decode(capturedAck)).toEqual([{ errno: 0 }])
  expect(decode(capturedDone)).toEqual([{ errno: 0 }])
})

test("a refusal carries the kernel's words", () => {
  expect(decode(capturedInvalidGateway)).toEqual([
    { errno: -101, kernelMessage: 'Nexthop has invalid gateway' },
  ])
})

test('a refusal of an attribute says where it begins', () => {
  expect(decode(capturedInvalidName)).toEqual([
    { errno: -34, kernelMessage: 'Attribute failed policy validation', attributeOffset: 32 },
  ])
})

test('a dump that ends without a status ends well', () => {
  const payload = new DataView(new ArrayBuffer(0))
  expect(decodeAcknowledgement({ type: 3, flags: 0, sequence: 0, portId: 0, payload })).toEqual({ errno: 0 })
})

test('hostile acknowledgements are refused as malformed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom(2, 3),
      fc.boolean(),
      (bytes, type, capped) => {
        const flags = NLM_F_ACK_TLVS | (capped ? 0x100 : 0)
        const payload = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
        try {
          expect(
            decodeAcknowledgement({ type, flags, sequence: 0, portId: 0, payload }).errno,
          ).toBeLessThanOrEqual(0)
        } catch (error) {
          expect(isNetlinkError(error) && error.code).toBe('ERR_NETLINK_MALFORMED')
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
