import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeReply } from './decode-reply.js'
import { encodeReply } from './encode-message.js'
import { MAX_MESSAGE_BYTES, type Reply, STAGES } from './protocol.js'

const decode = (value: unknown) => decodeReply(Buffer.from(JSON.stringify(value)))
const there = (reply: Reply) => decodeReply(encodeReply(reply).subarray(4))

const count = fc.maxSafeNat()
const text = fc.string({ unit: 'grapheme' })

const progress = fc.record(
  {
    type: fc.constant('progress' as const),
    id: count,
    stage: fc.constantFrom(...STAGES),
    pid: count,
    generation: count,
    sockets: count,
    remainingMs: count,
    message: text,
  },
  { requiredKeys: ['type', 'id', 'stage'] },
)

const refused = fc.record(
  {
    type: fc.constant('answer' as const),
    id: fc.option(count),
    ok: fc.constant(false as const),
    code: text,
    message: text,
    stage: fc.constantFrom(...STAGES),
    hint: text,
    exit: fc.oneof(
      fc.record({ code: fc.nat(255), signal: fc.constant(null) }),
      fc.record({ code: fc.constant(null), signal: fc.constantFrom('SIGKILL', 'SIGSEGV') }),
    ),
    stderr: fc.array(text),
    again: fc.constant(true as const),
  },
  { requiredKeys: ['type', 'id', 'ok', 'code', 'message'] },
)

const done = fc.record({
  type: fc.constant('answer' as const),
  id: count,
  ok: fc.constant(true as const),
  pid: count,
  status: fc.dictionary(
    fc.string(),
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
  ),
})

const hello = fc.record({
  type: fc.constant('hello' as const),
  versions: fc.array(count),
  pid: count,
  generation: count,
})

test('every reply is decoded as it was encoded', () => {
  fc.assert(
    fc.property(fc.oneof(progress, refused, done, hello), (reply) => {
      // Without prototypes, which JSON does not have.
      expect(there(reply)).toEqual(JSON.parse(JSON.stringify(reply)))
    }),
  )
})

test('whatever JSON comes is a reply, nothing, or refused with a code', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom(1, true, false, 'answer', 'progress', 'hello'))
  const object = fc.dictionary(
    fc.constantFrom('version', 'id', 'type', 'ok', 'code', 'message', 'stage', 'exit', 'stderr', 'pid'),
    field,
  )
  fc.assert(
    fc.property(fc.oneof(object, fc.jsonValue()), (value) => {
      try {
        decode(value)
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^ERR_RESTART_(MALFORMED|VERSION)$/)
      }
    }),
  )
})

test('messages and stages of a later version of the package are passed over', () => {
  expect(decode({ version: 1, type: 'weather', id: 1 })).toBeUndefined()
  expect(decode({ version: 1, type: 'progress', id: 1, stage: 'celebrating' })).toBeUndefined()
})

test('another version is told with the words that came in it', () => {
  expect(() => decode({ version: 2, type: 'answer', id: 1, ok: false, message: 'too old' })).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_VERSION', message: expect.stringContaining(': too old') }),
  )
})

test('a failure that does not fit keeps its code, the beginning of its words and the last lines', () => {
  fc.assert(
    fc.property(fc.constantFrom('x', '\u0001', '\ud800', '😀', '"', 'ä'), fc.nat(3), (unit, shift) => {
      const long = 'x'.repeat(shift) + unit.repeat(MAX_MESSAGE_BYTES)
      const stderr = [...Array(100).keys()].map((line) => `${line}: ${long.slice(0, 2_000)}`)
      const failure = { code: 'ERR_RESTART_CHILD_FAILED', message: `it said ${long}`, hint: long, stderr }
      const bytes = encodeReply({
        type: 'answer',
        id: 3,
        ok: false,
        exit: { code: 1, signal: null },
        ...failure,
      })
      expect(bytes.length).toBeLessThanOrEqual(4 + MAX_MESSAGE_BYTES)
      const decoded = decodeReply(bytes.subarray(4))
      if (decoded?.type !== 'answer' || decoded.ok) throw new Error('not a refusal')
      expect(decoded).toMatchObject({ id: 3, code: failure.code, exit: { code: 1, signal: null } })
      expect(decoded.message.startsWith('it said ')).toBe(true)
      expect(decoded.stderr!.map((line) => line.split(':')[0])).toEqual(
        [...Array(20).keys()].map((n) => `${n + 80}`),
      )
    }),
    { numRuns: 20 },
  )
})

test('an answer that does not fit becomes a failure that says so', () => {
  const reply = { type: 'answer', id: 3, ok: true, status: 'x'.repeat(MAX_MESSAGE_BYTES) } as const
  expect(there(reply)).toMatchObject({ id: 3, ok: false, code: 'ERR_RESTART_TOO_LARGE' })
})
