import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isNetlinkError } from '../errors/netlink-error.js'
import { type AttributeReader, readAttributes } from './attribute-reader.js'
import { PayloadWriter } from './payload-writer.js'

const malformed = expect.objectContaining({ code: 'ERR_NETLINK_MALFORMED' })

function read(bytes: Uint8Array, headerBytes = 0): AttributeReader {
  return readAttributes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), headerBytes)
}

test('every kind of value is read as it was written', () => {
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const text = fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0'))
  fc.assert(
    fc.property(
      fc.record({ header: fc.uint8Array(), u32: fc.nat(), u64: uint64, text, bytes: fc.uint8Array() }),
      ({ header, u32, u64, text, bytes }) => {
        const written = new PayloadWriter(header)
          .uint8(1, u32 & 0xff)
          .uint16(2, u32 & 0xffff)
          .uint16BE(3, u32 & 0xffff)
          .uint32(4, u32)
          .uint32BE(5, u32)
          .uint64(6, u64)
          .uint64BE(7, u64)
          .text(8, text)
          .bytes(9, bytes)
          .flag(10)
          .nested(11, (inside) => inside.uint32(1, u32).nested(2, (deeper) => deeper.uint8(3, 4)))
          .finish()
        const seen: unknown[] = []
        for (const a = read(written, header.length); a.next(); ) {
          if (a.type === 1) seen.push(a.uint8())
          else if (a.type === 2) seen.push(a.uint16())
          else if (a.type === 3) seen.push(a.uint16BE())
          else if (a.type === 4) seen.push(a.uint32())
          else if (a.type === 5) seen.push(a.uint32BE())
          else if (a.type === 6) seen.push(a.uint64())
          else if (a.type === 7) seen.push(a.uint64BE())
          else if (a.type === 8) seen.push(a.text())
          else if (a.type === 9) seen.push(Uint8Array.from(a.bytes()))
          else if (a.type === 10) seen.push(a.length)
          else if (a.type === 11) seen.push(insideOf(a))
        }
        const [low, high] = [u32 & 0xff, u32 & 0xffff]
        expect(seen).toEqual([low, high, high, u32, u32, u64, u64, text, bytes, 0, [u32, [4]]])
      },
    ),
  )

  function insideOf(a: AttributeReader): unknown[] {
    const inside: unknown[] = []
    for (const one = a.nested(); one.next(); ) {
      if (one.type === 1) inside.push(one.uint32())
      else for (const two = one.nested(); two.next(); ) inside.push([two.uint8()])
    }
    return inside
  }
})

test('every attribute begins at a multiple of four', () => {
  const bytes = new PayloadWriter(Uint8Array.of(9)).text(1, 'ab').uint8(2, 7).finish()
  expect(Array.from(bytes)).toEqual([9, 0, 0, 0, 7, 0, 1, 0, 97, 98, 0, 0, 5, 0, 2, 0, 7, 0, 0, 0])
})

test('hostile bytes are read in bounds or refused as malformed, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(16), (bytes, headerBytes) => {
      try {
        walk(read(bytes, headerBytes))
      } catch (error) {
        expect(isNetlinkError(error) && error.code).toBe('ERR_NETLINK_MALFORMED')
      }
    }),
    { numRuns: 5_000 },
  )

  function walk(reader: AttributeReader): void {
    for (const a = reader; a.next(); ) {
      expect(a.bytes().length).toBe(a.length)
      a.text()
      if (a.length >= 8) a.uint64()
      if (a.type % 2 === 0) walk(a.nested())
      else if (a.type % 3 === 0) a.ipAddress()
      else a.uint32()
    }
  }
})

test('bytes after the attribute belong to nobody', () => {
  const reader = read(Uint8Array.of(5, 0, 1, 0, 7, 255, 255, 255))
  expect(reader.next()).toBe(true)
  expect(() => reader.uint16()).toThrow(malformed)
  expect(reader.uint8()).toBe(7)
})

test('a payload longer than its type is read by its beginning, as newer kernels append fields', () => {
  const reader = read(Uint8Array.of(12, 0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0))
  reader.next()
  expect(reader.uint32()).toBe(1)
})

test('an attribute over 65,535 bytes is a wrong argument', () => {
  const wrongValue = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  expect(() => new PayloadWriter().bytes(1, new Uint8Array(65_532))).toThrow(wrongValue)
  expect(() => new PayloadWriter().nested(1, (a) => a.bytes(2, new Uint8Array(65_528)))).toThrow(wrongValue)
  expect(new PayloadWriter().bytes(1, new Uint8Array(65_531)).finish().length).toBe(65_536)
})
