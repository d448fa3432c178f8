import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AttributeTable, attributePath } from './attribute-path.js'
import { PayloadWriter } from './payload-writer.js'

const table: AttributeTable = {
  headerBytes: 4,
  attributes: {
    1: ['CTA_TUPLE_ORIG', { 1: ['CTA_TUPLE_IP', { 1: 'CTA_IP_V4_SRC', 2: 'CTA_IP_V4_DST' }] }],
    7: 'CTA_TIMEOUT',
  },
}

const payload = new PayloadWriter(Uint8Array.of(2, 0, 0, 0))
  .uint32BE(7, 30)
  .nested(1, (tuple) => tuple.nested(1, (ip) => ip.uint32BE(1, 1).bytes(2, Uint8Array.of(1, 2))))
  .nested(9, (unknown) => unknown.uint8(5, 1))
  .finish()

test.each([
  [20, 'CTA_TIMEOUT'],
  [28, 'CTA_TUPLE_ORIG'],
  [32, 'CTA_TUPLE_ORIG > CTA_TUPLE_IP'],
  [36, 'CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_SRC'],
  [44, 'CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_DST'],
  [48, 'CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_DST'],
  [52, '9'],
  [56, '9 > 5'],
  [0, undefined],
  [1000, undefined],
])('the attribute at byte %i of the message is %s', (attributeOffset, path) => {
  expect(attributePath(payload, { attributeOffset }, table)).toBe(path)
})

test('a missing attribute is named with the nest in which it is missing', () => {
  expect(attributePath(payload, { missingAttribute: 7 }, table)).toBe('CTA_TIMEOUT')
  expect(attributePath(payload, { missingAttribute: 2, missingNestOffset: 32 }, table)).toBe(
    'CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_DST',
  )
  expect(attributePath(payload, {}, table)).toBeUndefined()
})

test('no bytes and no offset lead outside of the payload', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(100), (bytes, attributeOffset) => {
      attributePath(bytes, { attributeOffset }, table)
    }),
  )
})
