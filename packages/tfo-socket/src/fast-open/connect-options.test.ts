import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connect, fastOpenInfo, listen, promote } from '../index.js'

const remote = { host: '198.51.100.2', port: 443 }
const server = createServer()

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript can pass, TypeScript would not let through.
type Anything = any

const wrongTypes: [string, () => Promise<unknown>][] = [
  ['no options', () => connect(undefined as Anything)],
  ['a URL for options', () => connect('https://198.51.100.2' as Anything)],
  ['no host', () => connect({ ...remote, host: undefined as Anything })],
  ['a string for the port', () => connect({ ...remote, port: '443' as Anything })],
  ['an object for the lookup', () => connect({ ...remote, lookup: {} as Anything })],
  ['a number for data', () => connect({ ...remote, data: 7 as Anything })],
  ['1 for fastOpen', () => connect({ ...remote, fastOpen: 1 as Anything })],
  ['1 for deferSyn', () => connect({ ...remote, deferSyn: 1 as Anything })],
  ['1 for noDelay', () => connect({ ...remote, noDelay: 1 as Anything })],
  ['a string for the delay', () => connect({ ...remote, keepAliveInitialDelayMs: '1' as Anything })],
  ['a function for the signal', () => connect({ ...remote, signal: (() => {}) as Anything })],
  ['no server', () => listen(undefined as Anything, { port: 0 })],
  ['no port to listen on', () => listen(server, {} as Anything)],
  ['a number for the host to listen on', () => listen(server, { port: 0, host: 7 as Anything })],
  ['1 for noCookie', () => listen(server, { port: 0, noCookie: 1 as Anything })],
  ['no reservation', () => promote({ kind: 'tuple' } as Anything)],
]

const wrongValues: [string, () => Promise<unknown>][] = [
  ['an option that does not exist', () => connect({ ...remote, hots: 'x' } as Anything)],
  ['an empty host', () => connect({ ...remote, host: '' })],
  ['port 0', () => connect({ ...remote, port: 0 })],
  ['family 5', () => connect({ ...remote, family: 5 as Anything })],
  ['an address of another family', () => connect({ ...remote, family: 6 })],
  ['a name for the local address', () => connect({ ...remote, localAddress: 'localhost' })],
  ['a local address of another family', () => connect({ ...remote, family: 4, localAddress: '::1' })],
  ['local ports without an address', () => connect({ ...remote, localPorts: 9000 })],
  ['data and deferSyn', () => connect({ ...remote, data: 'x', deferSyn: true })],
  ['a negative delay', () => connect({ ...remote, keepAliveInitialDelayMs: -1 })],
  ['a name to listen on', () => listen(server, { port: 0, host: 'localhost' })],
  ['port 65536 to listen on', () => listen(server, { port: 65_536 })],
  ['half a queue', () => listen(server, { port: 0, fastOpenQueue: 0.5 })],
  ['a listen option that does not exist', () => listen(server, { port: 0, fastopen: 1 } as Anything)],
]

describe('the caller is told of a mistake before the kernel is asked', () => {
  test.each(wrongTypes)('%s', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })

  test.each(wrongValues)('%s', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('something that is no socket, to fastOpenInfo', () => {
    expect(() => fastOpenInfo({} as Anything)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
  })
})
