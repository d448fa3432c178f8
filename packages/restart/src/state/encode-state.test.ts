import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRestartError } from '../errors/restart-error.js'
import { decodeState, encodeState } from './encode-state.js'
import { headerBytes, writeHeader } from './state-header.js'

const bytes = new TextEncoder().encode('two sessions')
const encoded = encodeState({ version: 7, bytes })

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    if (!isRestartError(error)) throw error
    expect(error.message).toContain(error.code)
    expect(error.hint).toBeTruthy()
    return error.code
  }
  return undefined
}

test('what was encoded is decoded, whatever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.uint8Array(), (version, content) => {
      expect(decodeState(encodeState({ version, bytes: content }))).toEqual({ version, bytes: content })
    }),
  )
})

test('a state that begins within a larger buffer is read where it begins', () => {
  const larger = new Uint8Array(encoded.length + 3)
  larger.set(encoded, 3)
  expect(decodeState(larger.subarray(3)).bytes).toEqual(bytes)
})

test('a version that the program reads is accepted, another is refused by both numbers', () => {
  expect(decodeState(encoded, { version: 7 }).version).toBe(7)
  expect(decodeState(encoded, { version: [6, 7] }).version).toBe(7)
  expect(() => decodeState(encoded, { version: [8, 9] })).toThrow(/version 7.*versions 8, 9/)
  expect(codeOf(() => decodeState(encoded, { version: 8 }))).toBe('ERR_RESTART_STATE_VERSION')
})

test('more than maxBytes is refused', () => {
  expect(codeOf(() => decodeState(encoded, { maxBytes: bytes.length - 1 }))).toBe(
    'ERR_RESTART_STATE_TOO_LARGE',
  )
  expect(decodeState(encoded, { maxBytes: bytes.length }).bytes).toEqual(bytes)
})

test('every beginning of a state is refused as truncated', () => {
  for (let length = 0; length < encoded.length; length++) {
    expect(codeOf(() => decodeState(encoded.subarray(0, length)))).toBe('ERR_RESTART_STATE_TRUNCATED')
  }
})

test('bytes behind the state are refused', () => {
  expect(codeOf(() => decodeState(new Uint8Array([...encoded, 0])))).toBe('ERR_RESTART_STATE_DAMAGED')
})

test('every flipped bit is noticed', () => {
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const damaged = encoded.slice()
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    const code = codeOf(() => decodeState(damaged))
    expect(code).toBe(bit < 64 ? 'ERR_RESTART_STATE_FOREIGN' : 'ERR_RESTART_STATE_DAMAGED')
  }
})

test('a header that lies about the length, with a right checksum, is refused and allocates nothing', () => {
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (length) => {
      fc.pre(length !== bytes.length)
      const lying = encoded.slice()
      writeHeader(lying, 'rststate', { version: 7, length, checksum: 0 })
      expect(codeOf(() => decodeState(lying))).toMatch(/^ERR_RESTART_STATE_(TRUNCATED|DAMAGED|TOO_LARGE)$/)
    }),
  )
})

test('garbage is refused with a code, never with another error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2 * headerBytes }), (garbage) => {
      expect(codeOf(() => decodeState(garbage))).toMatch(/^ERR_RESTART_STATE_(FOREIGN|TRUNCATED)$/)
    }),
  )
})

test.each([
  ['no bytes', () => encodeState({ version: 1, bytes: 'text' as never }), 'ERR_INVALID_ARG_TYPE'],
  ['a negative version', () => encodeState({ version: -1, bytes }), 'ERR_INVALID_ARG_VALUE'],
  ['a version of 33 bits', () => encodeState({ version: 2 ** 32, bytes }), 'ERR_INVALID_ARG_VALUE'],
  [
    'an unknown field',
    () => encodeState({ version: 1, bytes, checksum: 1 } as never),
    'ERR_INVALID_ARG_VALUE',
  ],
  ['an unknown option', () => decodeState(encoded, { versions: [1] } as never), 'ERR_INVALID_ARG_VALUE'],
  ['text to decode', () => decodeState('text' as never), 'ERR_INVALID_ARG_TYPE'],
  ['no version at all', () => decodeState(encoded, { version: [] }), 'ERR_INVALID_ARG_TYPE'],
])('%s is refused', (_, action, code) => {
  expect(action).toThrow(expect.objectContaining({ code }))
})
