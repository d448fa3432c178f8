import { assert, constantFrom, integer, property, tuple, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  completeChecksum,
  computeIpv4HeaderChecksum,
  computePartialChecksum,
  computeTransportChecksum,
  quotedPacketOffset,
  rewriteQuotedEndpoint,
  verifyIpv4HeaderChecksum,
  verifyTransportChecksum,
  writeIpv4HeaderChecksum,
  writeTransportChecksum,
} from './index.js'
import { anyPacket } from './testing/arbitrary-packet.js'
import { type Placed, place } from './testing/place.js'

const address = new DataView(new ArrayBuffer(16))

const CALLS: Record<string, (view: DataView, offset: number, length: number) => number | boolean> = {
  computeIpv4HeaderChecksum,
  verifyIpv4HeaderChecksum,
  writeIpv4HeaderChecksum,
  computeTransportChecksum,
  verifyTransportChecksum,
  writeTransportChecksum,
  computePartialChecksum,
  completeChecksum: (view, offset, length) => completeChecksum(view, offset, length, 20, 16),
  quotedPacketOffset,
  rewriteSource: (view, offset, length) =>
    rewriteQuotedEndpoint(view, offset, length, 'source', address, 0, 1),
  rewriteDestination: (view, offset, length) =>
    rewriteQuotedEndpoint(view, offset, length, 'destination', address, 0, 1),
}

/** Those that return a place in the view. */
const OFFSETS = new Set([quotedPacketOffset, CALLS.rewriteSource, CALLS.rewriteDestination])

/** Valid packets that were cut, padded and lied about in up to four bytes, and noise that begins like a packet. */
const lies = uint8Array({ maxLength: 4 }).chain((values) =>
  tuple(anyPacket, integer({ min: 0, max: 3 }), ...[...values].map(() => integer({ min: 0, max: 59 }))).map(
    ([packet, cut, ...positions]) => {
      const bytes = packet.bytes.slice(
        0,
        cut === 0 ? packet.bytes.length : Math.floor(packet.bytes.length / cut),
      )
      for (const [index, at] of positions.entries()) if (at < bytes.length) bytes[at] = values[index]!
      return bytes
    },
  ),
)

const noise = tuple(
  constantFrom(0x40, 0x45, 0x46, 0x4f, 0x60, 0x6f),
  constantFrom(0, 1, 6, 17, 43, 44, 58, 60),
  uint8Array({ maxLength: 120 }),
).map(([first, protocol, rest]) => {
  const bytes = [first, ...rest]
  const is4 = first >>> 4 === 4
  if (bytes.length > 9) bytes[is4 ? 9 : 6] = protocol
  // Most would end at the first length that does not fit.
  if (bytes.length > 5) bytes.splice(is4 ? 2 : 4, 2, 0, Math.max(0, bytes.length - (is4 ? 0 : 40)))
  return bytes
})

/** The same packet among zeros, among ones, and as the whole of its view, where a read outside throws. */
function placings(bytes: number[]): Placed[] {
  const exact = Uint8Array.from(bytes)
  const alone = { view: new DataView(exact.buffer), offset: 0, length: exact.length }
  return [
    place(bytes, { guard: 0 }),
    place(bytes, { guard: 0xff, shift: 3 }),
    { ...alone, bytes: () => [...exact], guardsIntact: () => true },
  ]
}

describe.each(Object.entries(CALLS))('%s', (_, call) => {
  test.each([
    ['a packet that lies', lies],
    ['noise', noise],
  ])('given %s neither throws nor lets the bytes around decide, and writes nothing there', (_, arbitrary) => {
    assert(
      property(arbitrary, (bytes) => {
        const [first, ...others] = placings(bytes).map((placed) => {
          const result = call(placed.view, placed.offset, placed.length)
          expect(placed.guardsIntact()).toBe(true)
          const isOffset = OFFSETS.has(call) && (result as number) >= 0
          return [isOffset ? (result as number) - placed.offset : result, placed.bytes()]
        })
        for (const other of others) expect(other).toEqual(first)
      }),
      { numRuns: 300 },
    )
  })

  test('given a length that is none gives a negative or false result', () => {
    const { view, offset } = place([0x45, 0, 0, 20])
    for (const length of [0, -1, Number.NaN]) {
      const result = call(view, offset, length)
      expect(result === false || (result as number) < 0).toBe(true)
    }
  })
})
