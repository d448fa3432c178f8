import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIpAddress, parseIpAddress } from './ip-address.js'

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 })
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 })
const mostlyZeros = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])))
const nearlyAnAddress = fc
  .array(fc.constantFrom('0', '1', '25', '255', '256', '00', 'f', 'DB8', '12345', '.', '.', ':', ':', '::'))
  .map((pieces) => pieces.join(''))

test('formatting and parsing again gives the same bytes', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6, mostlyZeros), (bytes) => {
      expect(parseIpAddress(formatIpAddress(bytes))).toEqual(bytes)
    }),
  )
})

test('what is formatted is an address of the right family to Node', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6, mostlyZeros), (bytes) => {
      expect(isIP(formatIpAddress(bytes))).toBe(bytes.length === 4 ? 4 : 6)
    }),
  )
})

test('a text is parsed exactly when Node calls it an address', () => {
  const text = fc.oneof(nearlyAnAddress, fc.ipV4(), fc.ipV6(), fc.string())
  fc.assert(
    fc.property(
      text.filter((candidate) => !candidate.includes('%')),
      (candidate) => {
        expect(parseIpAddress(candidate)?.length).toBe({ 0: undefined, 4: 4, 6: 16 }[isIP(candidate)])
      },
    ),
    { numRuns: 5_000 },
  )
})

test('an address with a zone is not parsed', () => {
  expect(parseIpAddress('fe80::1%eth0')).toBeUndefined()
})

// RFC 5952, sections 4 and 5.
test.each([
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:DB8::', '2001:db8::'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['::ffff:c000:0201', '::ffff:192.0.2.1'],
])('%s is written as %s', (text, canonical) => {
  expect(formatIpAddress(parseIpAddress(text)!)).toBe(canonical)
})

test('bytes that are no address are a wrong argument', () => {
  expect(() => formatIpAddress(new Uint8Array(5))).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
})
