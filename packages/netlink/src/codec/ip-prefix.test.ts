import { expect, test } from 'vitest'
import { parseInterfaceAddressArgument, parsePrefixArgument } from './ip-prefix.js'

const wrongValue = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })

test('an interface address may have bits beyond its prefix, a network may not', () => {
  expect(parseInterfaceAddressArgument('address', '192.0.2.1/24')).toMatchObject({ family: 4, length: 24 })
  expect(() => parsePrefixArgument('destination', '192.0.2.1/24')).toThrow(wrongValue)
  expect(() => parsePrefixArgument('destination', '2001:db8::1/127')).toThrow(wrongValue)
  expect(parsePrefixArgument('destination', '192.0.2.128/25')).toMatchObject({ family: 4, length: 25 })
})

test('an address without a prefix length is the whole address', () => {
  expect(parsePrefixArgument('destination', '192.0.2.1').length).toBe(32)
  expect(parsePrefixArgument('destination', '2001:db8::1').length).toBe(128)
})

test.each(['192.0.2.0/33', '192.0.2.0/', '192.0.2.0/024', '192.0.2.0/-1', '2001:db8::/129', 'x/8', ''])(
  '%o is no network',
  (text) => {
    expect(() => parsePrefixArgument('destination', text)).toThrow(wrongValue)
  },
)

test('a value that is no text has the wrong type', () => {
  expect(() => parsePrefixArgument('destination', 5 as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  )
})
