import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rewriteDestination, rewriteInnerDestination, rewriteInnerSource, rewriteSource } from './rewrite.js'
import { address, completePacket, partialPacket, port } from './testing/arbitraries.js'
import { buildEcho, buildIcmpError, buildTcp, buildUdp } from './testing/build-packet.js'
import { parseBytes } from './testing/parse-bytes.js'
import { wrongChecksums } from './testing/verify-packet.js'

const source = 0x0a400002
const destination = 0xcb007101

describe.each([
  ['complete', completePacket, false],
  ['partial', partialPacket, true],
] as const)('translating packets with %s checksums', (_, packets, partial) => {
  it('leaves every checksum as a computation from scratch would have it', () => {
    fc.assert(
      fc.property(packets, address, port, fc.boolean(), (bytes, newAddress, newPort, outbound) => {
        const placed = parseBytes(bytes, partial)
        const rewrite = outbound ? rewriteSource : rewriteDestination
        rewrite(placed.packet, newAddress, newPort)
        expect(wrongChecksums(placed.bytes(), '', partial)).toEqual([])
        expect(placed.guardsIntact()).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('writes what it was asked to, and a second look reads it', () => {
    fc.assert(
      fc.property(packets, address, port, (bytes, newAddress, newPort) => {
        const placed = parseBytes(bytes, partial)
        rewriteSource(placed.packet, newAddress, newPort)
        const again = parseBytes(placed.bytes(), partial).packet
        expect([again.source, again.sourcePort]).toEqual([newAddress, newPort])
        expect([placed.packet.source, placed.packet.sourcePort]).toEqual([newAddress, newPort])
      }),
    )
  })

  it('is undone by the reverse translation, to the bit', () => {
    fc.assert(
      fc.property(packets, address, port, fc.boolean(), (bytes, newAddress, newPort, outbound) => {
        const placed = parseBytes(bytes, partial)
        const { packet } = placed
        if (outbound) {
          const before = [packet.source, packet.sourcePort] as const
          rewriteSource(packet, newAddress, newPort)
          rewriteSource(packet, ...before)
        } else {
          const before = [packet.destination, packet.destinationPort] as const
          rewriteDestination(packet, newAddress, newPort)
          rewriteDestination(packet, ...before)
        }
        expect(placed.bytes()).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the checksum of UDP', () => {
  it('stays "none" when there was none', () => {
    const placed = parseBytes(
      buildUdp({ source, destination, sourcePort: 1, destinationPort: 2, checksum: 'none' }),
    )
    rewriteSource(placed.packet, 0xc633640a, 9000)
    expect(new DataView(placed.bytes().buffer).getUint16(26)).toBe(0)
  })

  it('is sent as all ones when it comes out as zero, which would mean "none" (RFC 768)', () => {
    const checksumAfter = (newPort: number): number => {
      const placed = parseBytes(buildUdp({ source, destination, sourcePort: 1, destinationPort: 2 }))
      rewriteSource(placed.packet, source, newPort)
      return new DataView(placed.bytes().buffer).getUint16(26)
    }
    const all = new Set(Array.from({ length: 0x10000 }, (_, newPort) => checksumAfter(newPort)))
    expect(all.has(0)).toBe(false)
    expect(all.has(0xffff)).toBe(true)
  })
})

it('leaves the partial checksum of an echo alone: it covers no address, and the identifier is added later', () => {
  const placed = parseBytes(buildEcho({ source, destination, id: 7, type: 'request' }), true)
  const before = placed.bytes().slice(22, 24)
  rewriteSource(placed.packet, 0xc633640a, 9000)
  expect(placed.bytes().slice(22, 24)).toEqual(before)
  expect(new DataView(placed.bytes().buffer).getUint16(24)).toBe(9000)
})

describe('ICMP errors', () => {
  const outer = fc.record({ source: address, destination: address })

  it('carry the packet of the client after translation, every checksum right, and back again to the bit', () => {
    fc.assert(
      fc.property(completePacket, outer, address, port, (quoted, ends, newAddress, newPort) => {
        const bytes = buildIcmpError({ ...ends, quoted })
        const placed = parseBytes(bytes)
        fc.pre(placed.verdict === 0)
        const { packet } = placed
        const before = [packet.inner.source, packet.inner.sourcePort] as const
        rewriteInnerSource(packet, newAddress, newAddress, newPort)
        expect(wrongChecksums(placed.bytes())).toEqual([])
        const again = parseBytes(placed.bytes()).packet
        expect([again.destination, again.inner.source, again.inner.sourcePort]).toEqual([
          newAddress,
          newAddress,
          newPort,
        ])
        rewriteInnerSource(packet, ends.destination, ...before)
        expect(placed.bytes()).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('of a client get the external address inside and outside, every checksum right', () => {
    fc.assert(
      fc.property(completePacket, outer, address, port, (quoted, ends, newAddress, newPort) => {
        const placed = parseBytes(buildIcmpError({ ...ends, quoted }))
        fc.pre(placed.verdict === 0)
        rewriteInnerDestination(placed.packet, newAddress, newAddress, newPort)
        expect(wrongChecksums(placed.bytes())).toEqual([])
        const again = parseBytes(placed.bytes()).packet
        expect([again.source, again.inner.destination, again.inner.destinationPort]).toEqual([
          newAddress,
          newAddress,
          newPort,
        ])
      }),
    )
  })

  it('keep the outer checksum right when the quote ends before the transport checksum', () => {
    const quoted = buildTcp({
      source,
      destination,
      sourcePort: 1,
      destinationPort: 2,
      payload: new Uint8Array(40),
    })
    for (let length = 28; length <= quoted.length; length++) {
      const placed = parseBytes(
        buildIcmpError({ source: destination, destination: source, quoted: quoted.subarray(0, length) }),
      )
      expect(placed.verdict).toBe(0)
      rewriteInnerSource(placed.packet, 0x0a400003, 0x0a400003, 4242)
      expect(wrongChecksums(placed.bytes())).toEqual([])
    }
  })
})
