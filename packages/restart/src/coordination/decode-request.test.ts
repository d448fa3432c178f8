import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRequest } from './decode-request.js'
import { encodeRequest } from './encode-message.js'
import { BUSY, REQUEST_TYPES, type Request } from './protocol.js'

const decode = (value: unknown) => decodeRequest(Buffer.from(JSON.stringify(value)))

/** Drops what is `undefined`, as the wire does. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    type: fc.constant('restart' as const),
    busy: fc.option(fc.constantFrom(...BUSY), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('stop' as const),
    drainTimeoutMs: fc.option(fc.nat(2 ** 31 - 1), { nil: undefined }),
  }),
  fc.constantFrom<Request>({ type: 'status' }, { type: 'rollback' }, { type: 'ping' }),
)

test('every request is decoded as it was encoded', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), requests, (id, request) => {
      expect(decodeRequest(encodeRequest(id, request).subarray(4))).toEqual({ id, request: plain(request) })
    }),
  )
})

test('whatever JSON comes is a request or a refusal in words, with the id if it has one', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom(1, 'restart', 'stop', 'share'))
  const object = fc.dictionary(
    fc.constantFrom('version', 'id', 'type', 'busy', 'drainTimeoutMs', '__proto__', 'toString'),
    field,
  )
  fc.assert(
    fc.property(fc.oneof(object, fc.jsonValue()), (value) => {
      const decoded = decode(value)
      if ('request' in decoded) {
        expect(REQUEST_TYPES).toContain(decoded.request.type)
        expect(decoded.id).toBe((value as { id: number }).id)
      } else {
        expect(decoded.failure.code).toMatch(/^ERR_RESTART_(MALFORMED|VERSION|UNKNOWN_REQUEST)$/)
        expect(decoded.failure.message).not.toBe('')
      }
    }),
  )
})

test('bytes that are not JSON are refused in words', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const decoded = decodeRequest(bytes)
      expect('failure' in decoded && decoded.failure.code).toBe('ERR_RESTART_MALFORMED')
    }),
  )
  expect(decodeRequest(Buffer.from([0xff]))).toMatchObject({
    failure: { message: 'a request was bytes that are not UTF-8' },
  })
  expect(decodeRequest(Buffer.from('{'))).toMatchObject({
    failure: { message: 'a request was text that is not JSON' },
  })
  expect(decode([])).toMatchObject({ failure: { message: 'a request was JSON that is not an object' } })
})

test('JSON that is nested as deep as a frame allows does not exhaust the stack', () => {
  const nested = `${'['.repeat(32_000)}${']'.repeat(32_000)}`
  const text = `{"version":1,"id":1,"type":"ping","more":${nested}}`
  expect(decodeRequest(Buffer.from(text))).toEqual({ id: 1, request: { type: 'ping' } })
})

test('fields that nobody knows are ignored', () => {
  const request = { version: 1, id: 7, type: 'restart', because: 'of a deployment', busy: 'wait' }
  expect(decode(request)).toEqual({ id: 7, request: { type: 'restart', busy: 'wait' } })
})

test.each([
  [
    { version: 2, id: 7, type: 'restart' },
    7,
    'ERR_RESTART_VERSION',
    'version 1 of the protocol, and was asked in version 2',
  ],
  [
    { version: 1, id: 7, type: 'restrat' },
    7,
    'ERR_RESTART_UNKNOWN_REQUEST',
    "no request 'restrat'; it knows restart, status",
  ],
  [{ version: 1, id: 7 }, 7, 'ERR_RESTART_UNKNOWN_REQUEST', 'no request without a type'],
  [{ version: 1, type: 'ping' }, null, 'ERR_RESTART_MALFORMED', 'no id'],
  [{ version: 1, id: -1, type: 'ping' }, null, 'ERR_RESTART_MALFORMED', 'no id'],
  [{ version: 1, id: '7', type: 'ping' }, null, 'ERR_RESTART_MALFORMED', 'no id'],
  [{ id: 7, type: 'ping' }, 7, 'ERR_RESTART_MALFORMED', 'no version'],
  [
    { version: 1, id: 7, type: 'restart', busy: 'maybe' },
    7,
    'ERR_RESTART_MALFORMED',
    'busy was none of share, wait, refuse',
  ],
  [{ version: 1, id: 7, type: 'stop', drainTimeoutMs: 1.5 }, 7, 'ERR_RESTART_MALFORMED', 'drainTimeoutMs'],
  [
    { version: 1, id: 7, type: 'stop', drainTimeoutMs: 2 ** 31 },
    7,
    'ERR_RESTART_MALFORMED',
    'drainTimeoutMs',
  ],
])('%j is refused for id %j', (request, id, code, words) => {
  expect(decode(request)).toMatchObject({ id, failure: { code, message: expect.stringContaining(words) } })
})
