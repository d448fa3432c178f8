import { describe, expect, test } from 'vitest'
import { adopt, fds, growDescriptorTable, reserveEchoId, reservePort, reserveTuple } from '../index.js'

const tuple = { address: '192.0.2.1', ports: 9000, remoteAddress: '198.51.100.7', remotePort: 443 }
const port = { protocol: 'udp', address: '192.0.2.1', ports: 9000 }
const echoId = { address: '192.0.2.1', id: 77 }

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript can pass, TypeScript would not let through.
type Anything = any

const circular: Anything = {}
circular.self = circular

const wrongTypes: [string, () => unknown][] = [
  ['no options', () => reserveTuple(undefined as Anything)],
  ['null for options', () => reservePort(null as Anything)],
  ['a string for options', () => reserveEchoId('192.0.2.1' as Anything)],
  ['no address', () => reserveTuple({ ...tuple, address: undefined as Anything })],
  ['a number for the remote address', () => reserveTuple({ ...tuple, remoteAddress: 7 as Anything })],
  ['no ports', () => reservePort({ ...port, ports: undefined } as Anything)],
  ['a string for the ports', () => reserveTuple({ ...tuple, ports: '9000' as Anything })],
  ['a range without an end', () => reserveTuple({ ...tuple, ports: { first: 9000 } as Anything })],
  ['a string for the mark', () => reserveTuple({ ...tuple, mark: '42' as Anything })],
  ['a number for the device', () => reserveTuple({ ...tuple, device: 1 as Anything })],
  ['a string for the echo id', () => reserveEchoId({ ...echoId, id: '77' as Anything })],
  ['nothing to adopt', () => adopt(undefined as Anything)],
  ['a string for the count', () => growDescriptorTable('1024' as Anything)],
]

const wrongValues: [string, () => unknown][] = [
  ['port 0', () => reserveTuple({ ...tuple, ports: 0 })],
  ['port 65536', () => reserveTuple({ ...tuple, ports: 65_536 })],
  ['half a port', () => reserveTuple({ ...tuple, ports: 9000.5 })],
  ['NaN for a port', () => reserveTuple({ ...tuple, ports: Number.NaN })],
  ['a range that starts at 0', () => reserveTuple({ ...tuple, ports: { first: 0, last: 9 } })],
  [
    'a range that ends before it starts',
    () => reserveTuple({ ...tuple, ports: { first: 9001, last: 9000 } }),
  ],
  ['remote port 0', () => reserveTuple({ ...tuple, remotePort: 0 })],
  ['an address with a NUL', () => reserveTuple({ ...tuple, address: '192.0.2.1\0' })],
  ['a negative mark', () => reserveTuple({ ...tuple, mark: -1 })],
  ['a mark of 33 bits', () => reserveTuple({ ...tuple, mark: 2 ** 32 })],
  ['an empty device', () => reserveTuple({ ...tuple, device: '' })],
  ['a device name of 16 characters', () => reserveTuple({ ...tuple, device: 'a234567890123456' })],
  ['a device name of 16 bytes', () => reserveTuple({ ...tuple, device: 'ääääääää' })],
  ['a protocol that is no JSON', () => reservePort({ ...port, protocol: 1n } as Anything)],
  ['an object that contains itself', () => fds([circular])],
  ['another protocol', () => reservePort({ ...port, protocol: 'sctp' } as Anything)],
  ['an option that does not exist', () => reserveTuple({ ...tuple, remotPort: 443 } as Anything)],
  ['an option of another kind', () => reserveEchoId({ ...echoId, device: 'd0' } as Anything)],
  ['a shared range', () => reserveTuple({ ...tuple, ports: { first: 9000, last: 9001 }, shared: true })],
  ['echo id 0', () => reserveEchoId({ ...echoId, id: 0 })],
  ['echo id 65536', () => reserveEchoId({ ...echoId, id: 65_536 })],
  ['room for no descriptors', () => growDescriptorTable(0)],
]

describe('the caller is told of a mistake before the kernel is asked', () => {
  test.each(wrongTypes)('%s', (_, call) => {
    expect(call).toThrow(TypeError)
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
  })

  test.each(wrongValues)('%s', (_, call) => {
    expect(call).toThrow(RangeError)
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
  })
})
