import { isIPv4 } from 'node:net'
import { formatIpAddress, parseIpAddress } from '@slatfatf/netlink'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { viewOf } from '../../test/captured.js'
import { formatIpv4, formatIpv6 } from './format-address.js'
import { addressBytes, parseIpv4 } from './parse-address.js'

test('every IPv4 address is written and read back', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (address) => {
      expect(parseIpv4(formatIpv4(address))).toBe(address)
    }),
  )
})

test('what is an IPv4 address is decided as Node decides it', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'0123456789.. '), maxLength: 16 })
  fc.assert(
    fc.property(fc.oneof(nearly, fc.ipV4()), (text) => {
      expect(parseIpv4(text) >= 0).toBe(isIPv4(text))
    }),
    { numRuns: 5_000 },
  )
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.1.1.1', '1..1.1', '1.1.1.', '.1.1.1']) {
    expect(parseIpv4(text)).toBe(-1)
  }
})

test('addresses that share a place in the cache are not mistaken for one another', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { maxLength: 50 }), (addresses) => {
      for (const bytes of addresses) expect(formatIpv6(viewOf(bytes), 0)).toBe(formatIpAddress(bytes))
    }),
  )
  for (let i = 0; i < 20_000; i++) expect(parseIpv4(formatIpv4(i * 4096))).toBe(i * 4096)
})

test('more addresses than are remembered are still read', () => {
  for (let i = 0; i < 5_000; i++) {
    const text = `2001:db8::${i.toString(16)}`
    expect(addressBytes('a', text)).toEqual(parseIpAddress(text))
  }
})
