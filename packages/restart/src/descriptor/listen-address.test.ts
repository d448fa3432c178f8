import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { checkListenAddress, type ListenAddress } from './listen-address.js'

test.each<[ListenAddress, object]>([
  [{ port: 80 }, { kind: 'tcp', port: 80, host: undefined }],
  [
    { port: 0, host: '::1' },
    { kind: 'tcp', port: 0, host: '::1' },
  ],
  [
    { udp: true, port: 53 },
    { kind: 'udp', port: 53, host: undefined },
  ],
  [{ path: '/run/app.sock' }, { kind: 'unix', path: '/run/app.sock', mode: 0o600 }],
  [
    { path: 'app.sock', mode: 0o660 },
    { kind: 'unix', path: resolve('app.sock'), mode: 0o660 },
  ],
])('%j is an address', (address, checked) => {
  expect(checkListenAddress('address', address)).toEqual(checked)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a number', 80],
  ['no port', {}],
  ['a port that is text', { port: '80' }],
  ['a host that is no text', { port: 80, host: 1 }],
  ['udp that is no boolean', { port: 80, udp: 'yes' }],
  ['a path that is no text', { path: 1 }],
  ['a mode that is text', { path: '/x', mode: '0600' }],
])('%s is a TypeError', (_what, address) => {
  expect(() => checkListenAddress('address', address as ListenAddress)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
  )
})

test.each<[string, unknown]>([
  ['a port beyond 65535', { port: 65_536 }],
  ['an unknown option', { port: 80, hots: '::' }],
  ['an empty host', { port: 80, host: '' }],
  ['a path and a port', { path: '/x', port: 80 }],
  ['a mode and a port', { port: 80, mode: 0o600 }],
  ['an empty path', { path: '' }],
  ['a path with a NUL', { path: '/x\0y' }],
  ['a path of 108 bytes', { path: `/${'x'.repeat(107)}` }],
  ['a mode beyond 0o777', { path: '/x', mode: 0o1777 }],
])('%s is a RangeError', (_what, address) => {
  expect(() => checkListenAddress('address', address as ListenAddress)).toThrow(
    expect.objectContaining({ name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' }),
  )
})

test.each(['@app', '\0app'])(
  'an abstract socket is refused, since any user may connect to it: %j',
  (path) => {
    expect(() => checkListenAddress('address', { path })).toThrow(/abstract socket has no permissions/)
  },
)
