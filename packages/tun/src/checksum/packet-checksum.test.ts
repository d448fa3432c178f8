import { assert, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CHECKSUM,
  completeChecksum,
  computeIpv4HeaderChecksum,
  computePartialChecksum,
  computeTransportChecksum,
  verifyIpv4HeaderChecksum,
  verifyTransportChecksum,
  writeIpv4HeaderChecksum,
  writeTransportChecksum,
} from './index.js'
import { buildPacket, ipv4Packet, packetSomewhere, shift } from './testing/arbitrary-packet.js'
import { naiveChecksum } from './testing/naive-checksum.js'
import { place } from './testing/place.js'

const hex = (text: string) => [...Buffer.from(text, 'hex')]

// A SYN of curl from 192.0.2.1 to 192.0.2.2, as a Linux host sent it.
const SYN = hex(
  '4500003ca6ee400040060fcac0000201c0000202e73c00502874b23100000000a002faf09e310000020405b40402080ad1de96c5000000000103030a',
)
// UDP from ::1 to ::1 on a Linux loopback: behind destination options, which the kernel completes, and without, where it is partial.
const BEHIND_OPTIONS = hex(
  '60011a2900193c40000000000000000000000000000000010000000000000000000000000000000111000104000000009c40c3500011d4d56f6464206279746521',
)
const PARTIAL = hex(
  '6006c75b001311400000000000000000000000000000000100000000000000000000000000000001aeaa0009001300266e6f626f64792068657265',
)

test('packets captured from Linux are right, and a flipped bit is not', () => {
  for (const bytes of [SYN, BEHIND_OPTIONS]) {
    const { view, offset, length } = place(bytes, { shift: 1 })
    expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
    view.setUint8(offset + length - 1, view.getUint8(offset + length - 1) ^ 1)
    expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.wrong)
  }
  const { view, offset, length } = place(SYN)
  expect(verifyIpv4HeaderChecksum(view, offset, length)).toBe(true)
  expect(computeIpv4HeaderChecksum(view, offset, length)).toBe(0x0fca)
  expect(computeTransportChecksum(view, offset, length)).toBe(0x9e31)
})

test('a partial checksum captured from Linux is the one computed here, and right once it is completed', () => {
  const { view, offset, length } = place(PARTIAL)
  expect(computePartialChecksum(view, offset, length)).toBe(0x0026)
  expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.wrong)
  expect(completeChecksum(view, offset, length, 40, 6)).toBe(true)
  expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
})

describe('the IPv4 header checksum', () => {
  test('computed, written and verified is that of the bytes, with options and without', () => {
    assert(
      property(ipv4Packet, shift, ({ bytes, transport }, shift) => {
        const { view, offset } = place(bytes, { shift })
        const right = view.getUint16(offset + 10)
        expect(verifyIpv4HeaderChecksum(view, offset, transport)).toBe(true)
        view.setUint16(offset + 10, right ^ 0x0100)
        expect(verifyIpv4HeaderChecksum(view, offset, transport)).toBe(false)
        expect(computeIpv4HeaderChecksum(view, offset, transport)).toBe(right)
        expect(view.getUint16(offset + 10)).toBe(right ^ 0x0100)
        expect(writeIpv4HeaderChecksum(view, offset, transport)).toBe(right)
        expect(verifyIpv4HeaderChecksum(view, offset, transport)).toBe(true)
      }),
    )
  })

  test('is malformed for IPv6, and for a header that is not all there', () => {
    const short = place(SYN)
    for (const length of [0, 1, 19]) {
      expect(computeIpv4HeaderChecksum(short.view, short.offset, length)).toBe(CHECKSUM.malformed)
      expect(verifyIpv4HeaderChecksum(short.view, short.offset, length)).toBe(false)
    }
    const six = place(PARTIAL)
    expect(writeIpv4HeaderChecksum(six.view, six.offset, six.length)).toBe(CHECKSUM.malformed)
    expect(six.bytes()).toEqual(PARTIAL)
  })
})

describe('the transport checksum', () => {
  test('computed, written and verified is that of the parts, behind any options and extension headers', () => {
    assert(
      property(packetSomewhere, ([{ bytes, check, complete }, shift]) => {
        const { view, offset, length } = place(bytes, { shift })
        expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
        view.setUint16(offset + check, complete ^ 0x8001)
        expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.wrong)
        expect(computeTransportChecksum(view, offset, length)).toBe(complete)
        expect(view.getUint16(offset + check)).toBe(complete ^ 0x8001)
        expect(writeTransportChecksum(view, offset, length)).toBe(complete)
        expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
      }),
      { numRuns: 500 },
    )
  })

  test('that is partial becomes right when it is completed', () => {
    assert(
      property(packetSomewhere, ([{ bytes, transport, check, partial }, shift]) => {
        const { view, offset, length } = place(bytes, { shift })
        expect(computePartialChecksum(view, offset, length)).toBe(partial)
        view.setUint16(offset + check, partial)
        expect(completeChecksum(view, offset, length, transport, check - transport)).toBe(true)
        expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
      }),
      { numRuns: 500 },
    )
  })

  test('does not cover what lies behind the end of the packet or of the datagram', () => {
    assert(
      property(packetSomewhere, ([{ bytes, version, protocol, transport, complete }, shift]) => {
        const padded = place([...bytes, 1, 2, 3], { shift })
        expect(computeTransportChecksum(padded.view, padded.offset, padded.length)).toBe(complete)
        if (protocol !== 17 || version !== 6) return
        // Room behind the datagram but within the packet: the length of IPv6 grows, that of UDP does not.
        padded.view.setUint16(padded.offset + 4, padded.length - 40)
        expect(padded.view.getUint16(padded.offset + transport + 4)).toBe(bytes.length - transport)
        expect(verifyTransportChecksum(padded.view, padded.offset, padded.length)).toBe(CHECKSUM.right)
      }),
    )
  })

  test.each([
    [4, CHECKSUM.none],
    [6, CHECKSUM.wrong],
  ] as const)('of 0 in UDP over IPv%i is told apart', (version, verdict) => {
    const { bytes, check } = udp(version)
    bytes.splice(check, 2, 0, 0)
    const { view, offset, length } = place(bytes)
    expect(verifyTransportChecksum(view, offset, length)).toBe(verdict)
  })

  test.each([4, 6] as const)('that comes out as 0 is written as 0xffff for UDP over IPv%i', (version) => {
    const first = udp(version)
    // A payload word that makes the sum all ones.
    const { bytes, check, transport } = udp(version, [first.complete >>> 8, first.complete & 0xff])
    const { view, offset, length } = place(bytes)
    expect(computeTransportChecksum(view, offset, length)).toBe(0xffff)
    expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
    view.setUint16(offset + check, computePartialChecksum(view, offset, length))
    completeChecksum(view, offset, length, transport, 6)
    expect(view.getUint16(offset + check)).toBe(0xffff)
  })

  test.each([
    ['the first fragment of IPv4', 4, 6, [0x20, 0x00]],
    ['a later fragment of IPv4', 4, 6, [0x00, 0x10]],
  ] as const)('of %s is not looked at', (_, version, at, field) => {
    const { bytes } = udp(version)
    bytes.splice(at, 2, ...field)
    expectRefusal(bytes, CHECKSUM.fragment)
  })

  test.each([
    ['the first', 0x0001],
    ['a later', 0x0008],
  ])('of %s fragment of IPv6 is not looked at', (_, field) => {
    const { bytes } = udp(6, [], { next: 44, bytes: [17, 0, 0, field, 0, 0, 0, 1] })
    expectRefusal(bytes, CHECKSUM.fragment)
  })

  test.each([
    ['another protocol', 4, { next: 0, bytes: [] }, 9, 132],
    ['ICMP over IPv6', 6, { next: 17, bytes: [] }, 6, 1],
    ['ICMPv6 over IPv4', 4, { next: 0, bytes: [] }, 9, 58],
    ['ESP', 6, { next: 17, bytes: [] }, 6, 50],
    ['no next header', 6, { next: 17, bytes: [] }, 6, 59],
  ] as const)('of %s is unsupported', (_, version, between, at, protocol) => {
    const { bytes } = udp(version, [], { next: between.next, bytes: [...between.bytes] })
    bytes[at] = protocol
    expectRefusal(bytes, CHECKSUM.unsupported)
  })

  test('behind a routing header of an unknown type is supported only when that is used up', () => {
    const routing = (left: number) => ({ next: 43, bytes: [17, 0, 3, left, 0, 0, 0, 0] })
    const { bytes } = udp(6, [], routing(0))
    const { view, offset, length } = place(bytes)
    expect(verifyTransportChecksum(view, offset, length)).toBe(CHECKSUM.right)
    expectRefusal(udp(6, [], routing(1)).bytes, CHECKSUM.unsupported)
  })
})

test('a checksum is not completed unless its field is within the packet', () => {
  const { view, offset, length, bytes } = place(PARTIAL)
  for (const [start, field] of [
    [length, 0],
    [length - 1, 0],
    [40, length - 41],
    [-1, 6],
    [40, -1],
    [Number.NaN, 6],
  ] as const) {
    expect(completeChecksum(view, offset, length, start, field)).toBe(false)
  }
  expect(bytes()).toEqual(PARTIAL)
  expect(completeChecksum(view, offset, length, length - 2, 0)).toBe(true)
  expect(bytes().slice(-2)).toEqual([...split(naiveChecksum(PARTIAL.slice(-2)))])
})

function expectRefusal(bytes: number[], code: number): void {
  const placed = place(bytes)
  const { view, offset, length } = placed
  expect(verifyTransportChecksum(view, offset, length)).toBe(code)
  expect(computeTransportChecksum(view, offset, length)).toBe(code)
  expect(computePartialChecksum(view, offset, length)).toBe(code)
  expect(writeTransportChecksum(view, offset, length)).toBe(code)
  expect(placed.bytes()).toEqual(bytes)
}

function split(value: number): [number, number] {
  return [value >>> 8, value & 0xff]
}

function udp(version: 4 | 6, word: number[] = [], between = { next: 17, bytes: [] as number[] }) {
  const address = (last: number) => {
    const bytes = new Uint8Array(version === 4 ? 4 : 16)
    bytes.set([0x20, 0x01, 0x0d, last])
    return bytes
  }
  return buildPacket({
    version,
    protocol: 17,
    source: address(1),
    destination: address(2),
    between,
    ports: Uint8Array.of(0x9c, 0x40, 0x01, 0xbb),
    // Two bytes in any case, so that a word changes nothing but itself.
    payload: Uint8Array.from(word.length === 0 ? [0, 0] : word),
  })
}
