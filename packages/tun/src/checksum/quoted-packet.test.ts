import { assert, constantFrom, integer, property, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CHECKSUM,
  quotedPacketOffset,
  rewriteQuotedEndpoint,
  verifyIpv4HeaderChecksum,
  verifyTransportChecksum,
} from './index.js'
import { anyPacket, type BuiltPacket, buildPacket, shift } from './testing/arbitrary-packet.js'
import { naiveChecksum, pseudoHeader } from './testing/naive-checksum.js'
import { place } from './testing/place.js'

// Port unreachable from the loopback of Linux, about a UDP datagram with a partial checksum.
const UNREACHABLE = [
  ...Buffer.from(
    '6001488c00433a4000000000000000000000000000000001000000000000000000000000000000010104f6a5000000006006c75b001311400000000000000000000000000000000100000000000000000000000000000001aeaa0009001300266e6f626f64792068657265',
    'hex',
  ),
]

/** An ICMP or ICMPv6 error that quotes the first `quoted` bytes of a packet. */
function errorAbout(packet: BuiltPacket, quoted: number): number[] {
  const { version } = packet
  const source = new Uint8Array(version === 4 ? 4 : 16).fill(3)
  const destination = new Uint8Array(version === 4 ? 4 : 16).fill(5)
  const between = { next: 58, bytes: [] }
  const payload = Uint8Array.from(packet.bytes.slice(0, quoted))
  const protocol = version === 4 ? 1 : 58
  const error = buildPacket({
    version,
    protocol,
    source,
    destination,
    between,
    ports: new Uint8Array(4),
    payload,
  })
  const { bytes, transport } = error
  bytes.splice(transport, 8, version === 4 ? 3 : 1, 1, 0, 0, 0, 0, 0, 0)
  const message = bytes.slice(transport)
  const pseudo = version === 4 ? [] : pseudoHeader(source, destination, 58, message.length)
  const check = naiveChecksum(pseudo, message)
  bytes.splice(transport + 2, 2, check >>> 8, check & 0xff)
  return bytes
}

const endpoint = constantFrom('source' as const, 'destination' as const)
const port = integer({ min: 0, max: 0xffff })
const newAddress = uint8Array({ minLength: 16, maxLength: 16 })

test('an error captured from Linux is found to quote, and is right after its quote was rewritten', () => {
  const { view, offset, length, bytes } = place(UNREACHABLE, { shift: 1 })
  expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
  expect(quotedPacketOffset(view, offset, length)).toBe(offset + 48)
  const address = new DataView(Uint8Array.from({ length: 16 }, (_, index) => index).buffer)
  expect(rewriteQuotedEndpoint(view, offset, length, 'source', address, 0, 4711)).toBe(offset + 48)
  expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
  expect(bytes().slice(56, 72)).toEqual(Array.from({ length: 16 }, (_, index) => index))
  expect(view.getUint16(offset + 88)).toBe(4711)
})

describe('rewriting the endpoint of a quoted packet', () => {
  test('leaves every checksum right, the quoted ones as if the packet had been sent so', () => {
    assert(
      property(anyPacket, shift, endpoint, newAddress, port, (packet, shift, end, address, port) => {
        const error = place(errorAbout(packet, packet.bytes.length), { shift })
        const { view, offset, length } = error
        const at = new DataView(address.buffer, address.byteOffset)
        const quote = rewriteQuotedEndpoint(view, offset, length, end, at, 0, port)
        // Behind a source route the destination in the header is not the one in the checksum.
        if (quote === CHECKSUM.unsupported && end === 'destination') return
        expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
        expect(verifyTransportChecksum(view, quote, packet.bytes.length)).toBe(CHECKSUM.right)
        if (packet.version === 4) expect(verifyIpv4HeaderChecksum(view, quote, 60)).toBe(true)

        const size = packet.version === 4 ? 4 : 16
        const field = quote + (packet.version === 4 ? 12 : 8) + (end === 'source' ? 0 : size)
        for (let i = 0; i < size; i += 1) expect(view.getUint8(field + i)).toBe(address[i])
        expect(error.guardsIntact()).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('leaves the outer checksum right wherever the quote is cut', () => {
    assert(
      property(
        anyPacket,
        integer({ min: 0, max: 30 }),
        endpoint,
        newAddress,
        port,
        (packet, more, end, address, port) => {
          const quoted = Math.min(packet.transport + 8 + more, packet.bytes.length)
          const { view, offset, length, guardsIntact } = place(errorAbout(packet, quoted))
          const at = new DataView(address.buffer, address.byteOffset)
          const quote = rewriteQuotedEndpoint(view, offset, length, end, at, 0, port)
          if (quote === CHECKSUM.unsupported && end === 'destination') return
          expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
          if (packet.version === 4) expect(verifyIpv4HeaderChecksum(view, quote, packet.transport)).toBe(true)
          expect(guardsIntact()).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('there and back gives the same bytes', () => {
    assert(
      property(anyPacket, newAddress, port, (packet, address, port) => {
        const bytes = errorAbout(packet, packet.bytes.length)
        const error = place(bytes)
        const { view, offset, length } = error
        const at = new DataView(address.buffer, address.byteOffset)
        const quote = quotedPacketOffset(view, offset, length)
        const old = place(bytes.slice(quote - offset + (packet.version === 4 ? 12 : 8)))
        const isEcho = packet.protocol === 1 || packet.protocol === 58
        const oldPort = view.getUint16(quote + packet.transport + (isEcho ? 4 : 0))
        expect(rewriteQuotedEndpoint(view, offset, length, 'source', at, 0, port)).toBe(quote)
        expect(rewriteQuotedEndpoint(view, offset, length, 'source', old.view, old.offset, oldPort)).toBe(
          quote,
        )
        expect(error.bytes()).toEqual(bytes)
      }),
    )
  })

  test('leaves a quoted UDP checksum of 0 over IPv4 at 0', () => {
    const packet = plain(4, 17)
    packet.bytes.splice(packet.check, 2, 0, 0)
    const { view, offset, length } = place(errorAbout(packet, packet.bytes.length))
    const quote = rewriteQuotedEndpoint(
      view,
      offset,
      length,
      'source',
      new DataView(new ArrayBuffer(4)),
      0,
      9,
    )
    expect(view.getUint16(quote + packet.check)).toBe(0)
    expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
  })
})

describe('is refused, and nothing written,', () => {
  const later = plain(4, 17)
  later.bytes.splice(6, 2, 0, 5)
  const router = plain(6, 58)
  router.bytes[router.transport] = 133
  const six = plain(6, 17)

  test.each([
    ['a packet that is no error', plain(4, 6).bytes, CHECKSUM.unsupported],
    ['an echo', plain(6, 58).bytes, CHECKSUM.unsupported],
    ['an error about a later fragment', errorAbout(later, later.bytes.length), CHECKSUM.fragment],
    ['an error about an ICMPv6 message without identifier', errorAbout(router, 60), CHECKSUM.unsupported],
    ['a quote that ends before the ports', errorAbout(six, 47), CHECKSUM.malformed],
    ['IPv6 quoted over IPv4', errorAbout({ ...six, version: 4 }, six.bytes.length), CHECKSUM.malformed],
    ['an error that ends where its quote would begin', errorAbout(six, 0), CHECKSUM.malformed],
  ])('%s', (_, bytes, code) => {
    const { view, offset, length, bytes: after } = place(bytes)
    const address = new DataView(new ArrayBuffer(16))
    expect(rewriteQuotedEndpoint(view, offset, length, 'source', address, 0, 1)).toBe(code)
    expect(after()).toEqual(bytes)
  })
})

function plain(version: 4 | 6, protocol: number): BuiltPacket {
  const address = (last: number) => new Uint8Array(version === 4 ? 4 : 16).fill(last)
  const between = { next: protocol, bytes: [] }
  const payload = new Uint8Array(9).fill(1)
  const ports = Uint8Array.of(1, 2, 3, 4)
  return buildPacket({
    version,
    protocol,
    source: address(1),
    destination: address(2),
    between,
    ports,
    payload,
  })
}
