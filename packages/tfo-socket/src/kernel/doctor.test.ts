import { afterEach, describe, expect, test, vi } from 'vitest'
import { type DoctorOptions, doctor } from './doctor.js'

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript can pass, TypeScript would not let through.
type Anything = any

const platform = process.platform

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform })
  vi.resetModules()
})

const wrongTypes: [string, Anything][] = [
  ['null for options', null],
  ['a string for kinds', { kinds: 'tuple' }],
  ['a number for the address', { address: 7 }],
  ['a remote address without a local one', { remoteAddress: '198.51.100.7' }],
  ['a string for the ports', { ports: '9000' }],
  ['a string for the reservations', { reservations: '100' }],
  ['a string for the mark', { mark: '42' }],
  ['a number for forward', { forward: 1 }],
]

const wrongValues: [string, Anything][] = [
  ['an option that does not exist', { port: 9000 }],
  ['a kind that does not exist', { kinds: ['tuple', 'telepathy'] }],
  ['no kind', { kinds: [undefined] }],
  ['a name for an address', { address: 'localhost' }],
  ['a wildcard for tuples', { address: '0.0.0.0' }],
  ['a wildcard of IPv6 for tuples', { address: '0::0' }],
  ['a name for the remote address', { address: '192.0.2.1', remoteAddress: 'localhost' }],
  ['port 0', { ports: 0 }],
  ['half a reservation', { reservations: 0.5 }],
  ['fewer than no reservations', { reservations: -1 }],
  ['a negative mark', { mark: -1 }],
]

describe('the caller is told of a mistake before anything is looked at', () => {
  test.each(wrongTypes)('%s', (_, options: DoctorOptions) => {
    expect(() => doctor(options)).toThrow(TypeError)
    expect(() => doctor(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
  })

  test.each(wrongValues)('%s', (_, options: DoctorOptions) => {
    expect(() => doctor(options)).toThrow(RangeError)
    expect(() => doctor(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
  })
})

test('on another platform the only finding says so, and nothing is supported', async () => {
  vi.resetModules()
  Object.defineProperty(process, 'platform', { value: 'darwin' })
  const fresh = await import('../index.js')
  const findings = fresh.doctor({ ports: 9000, reservations: 10 })
  expect(findings).toMatchObject([
    { check: 'platform', ok: false, found: expect.stringContaining('darwin'), fix: expect.any(String) },
  ])
  for (const kind of [
    'tuple',
    'port',
    'echo-id',
    'repair',
    'fast-open-client',
    'fast-open-server',
  ] as const) {
    expect(fresh.isSupported(kind)).toBe(false)
  }
})
