import { array, assert, integer, property, tuple, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ipv4PseudoHeaderSum,
  ipv6PseudoHeaderSum,
  udpComputed,
  udpUpdated,
  updateChecksum16,
  updateChecksum32,
  updateChecksum128,
  updatePartial16,
  updatePartial32,
  updatePartial128,
} from './index.js'
import { naiveChecksum, naiveSum, pseudoHeader } from './testing/naive-checksum.js'
import { place } from './testing/place.js'

const word = integer({ min: 0, max: 0xffff })
const protocol = integer({ min: 1, max: 255 })
const bytesOf = (length: number) => uint8Array({ minLength: length, maxLength: length })
const number16 = (bytes: Uint8Array) => bytes[0]! * 0x100 + bytes[1]!
const number32 = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)

/** The rest of what the checksum covers. Bytes that are all zero do not occur, and would have two checksums (RFC 1624 §3). */
const rest = uint8Array({ minLength: 2, maxLength: 40 }).filter((bytes) => bytes.some((byte) => byte !== 0))

describe('a complete checksum', () => {
  test('is updated as in the examples of RFC 1624 §4', () => {
    expect(updateChecksum16(0xdd2f, 0x5555, 0x3285)).toBe(0x0000)
  })

  test('updated for 16, 32 or 128 bits is what a computation from scratch gives', () => {
    assert(
      property(tuple(bytesOf(2), bytesOf(2)), rest, ([before, after], other) => {
        const check = naiveChecksum(before, other)
        expect(updateChecksum16(check, number16(before), number16(after))).toBe(naiveChecksum(after, other))
      }),
    )
    assert(
      property(tuple(bytesOf(4), bytesOf(4)), rest, ([before, after], other) => {
        const check = naiveChecksum(before, other)
        const right = naiveChecksum(after, other)
        expect(updateChecksum32(check, number32(before), number32(after))).toBe(right)
        expect(updateChecksum32(check, number32(before) | 0, number32(after) | 0)).toBe(right)
      }),
    )
    assert(
      property(tuple(bytesOf(16), bytesOf(16)), rest, ([before, after], other) => {
        const from = place(before, { shift: 1 })
        const to = place(after, { shift: 2 })
        const check = updateChecksum128(
          naiveChecksum(before, other),
          from.view,
          from.offset,
          to.view,
          to.offset,
        )
        expect(check).toBe(naiveChecksum(after, other))
      }),
    )
  })

  test('updated many times is still what a computation from scratch gives', () => {
    assert(
      property(array(word, { minLength: 2, maxLength: 30 }), rest, (values, other) => {
        let check = naiveChecksum([values[0]! >>> 8, values[0]! & 0xff], other)
        for (let i = 1; i < values.length; i += 1) check = updateChecksum16(check, values[i - 1]!, values[i]!)
        const last = values.at(-1)!
        expect(check).toBe(naiveChecksum([last >>> 8, last & 0xff], other))
      }),
    )
  })

  test('goes from one pseudo-header to another by their sums, as NAT64 needs it', () => {
    assert(
      property(
        bytesOf(16),
        bytesOf(16),
        bytesOf(4),
        bytesOf(4),
        rest,
        (source6, destination6, source4, destination4, segment) => {
          const six = pseudoHeader(source6, destination6, 6, segment.length)
          const four = pseudoHeader(source4, destination4, 6, segment.length)
          const addresses = place([...source6, ...destination6])
          const before = ipv6PseudoHeaderSum(
            addresses.view,
            addresses.offset,
            addresses.offset + 16,
            6,
            segment.length,
          )
          const after = ipv4PseudoHeaderSum(number32(source4), number32(destination4), 6, segment.length)
          expect(updateChecksum16(naiveChecksum(six, segment), before, after)).toBe(
            naiveChecksum(four, segment),
          )
        },
      ),
    )
  })
})

describe('a pseudo-header sum', () => {
  test('is that of its bytes, over IPv4 and IPv6', () => {
    assert(
      property(bytesOf(4), bytesOf(4), protocol, word, (source, destination, number, length) => {
        expect(ipv4PseudoHeaderSum(number32(source), number32(destination), number, length)).toBe(
          naiveSum(pseudoHeader(source, destination, number, length)),
        )
      }),
    )
    const long = integer({ min: 0, max: 0xffffffff })
    assert(
      property(bytesOf(16), bytesOf(16), protocol, long, (source, destination, number, length) => {
        const { view, offset } = place([...source, 0, ...destination])
        expect(ipv6PseudoHeaderSum(view, offset, offset + 17, number, length)).toBe(
          naiveSum(pseudoHeader(source, destination, number, length)),
        )
      }),
    )
  })
})

describe('a partial checksum', () => {
  test('updated is the sum of the new pseudo-header, over IPv4 and IPv6', () => {
    assert(
      property(
        bytesOf(4),
        bytesOf(4),
        bytesOf(4),
        word,
        word,
        (source, destination, other, length, newLength) => {
          const sum = naiveSum(pseudoHeader(source, destination, 6, length))
          const address = updatePartial32(sum, number32(source), number32(other))
          expect(address).toBe(naiveSum(pseudoHeader(other, destination, 6, length)))
          expect(updatePartial16(address, length, newLength)).toBe(
            naiveSum(pseudoHeader(other, destination, 6, newLength)),
          )
        },
      ),
    )
    assert(
      property(bytesOf(16), bytesOf(16), bytesOf(16), word, (source, destination, other, length) => {
        const from = place(destination, { shift: 3 })
        const to = place(other)
        const sum = naiveSum(pseudoHeader(source, destination, 17, length))
        expect(updatePartial128(sum, from.view, from.offset, to.view, to.offset)).toBe(
          naiveSum(pseudoHeader(source, other, 17, length)),
        )
      }),
    )
  })
})

describe('a UDP checksum', () => {
  test('that is computed as 0 is sent as 0xffff', () => {
    expect([0, 1, 0xffff].map(udpComputed)).toEqual([0xffff, 1, 0xffff])
  })

  test('of 0 stays 0 whatever changes, and no other becomes 0', () => {
    assert(
      property(word, word, word, (check, before, after) => {
        expect(udpUpdated(0, updateChecksum16(0, before, after))).toBe(0)
        if (check !== 0) expect(udpUpdated(check, updateChecksum16(check, before, after))).not.toBe(0)
      }),
    )
  })
})
