import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseAddress } from './address.js'
import { canAnswerWithIcmp, ICMP_ERROR_HEADROOM, writeIcmpError } from './icmp-error.js'
import { PACKET_KIND } from './packet.js'
import { completePacket } from './testing/arbitraries.js'
import { buildIcmpError, buildTcp, buildUdp } from './testing/build-packet.js'
import { parseBytes } from './testing/parse-bytes.js'
import { wrongChecksums } from './testing/verify-packet.js'

const client = parseAddress('10.64.0.2')
const remote = parseAddress('203.0.113.1')
const self = parseAddress('198.51.100.10')

it('turns a packet into an error for its sender that quotes it, with right checksums', () => {
  fc.assert(
    fc.property(completePacket, (bytes) => {
      const placed = parseBytes(bytes)
      const { source, destination, sourcePort } = placed.packet
      const length = writeIcmpError(placed.packet, 3, 13, self)
      expect(length).toBe(placed.packet.length)
      expect(placed.guardsIntact(ICMP_ERROR_HEADROOM)).toBe(true)
      expect(wrongChecksums(placed.bytes())).toEqual([])
      const error = parseBytes(placed.bytes())
      expect(error.verdict).toBe(0)
      expect(error.packet).toMatchObject({ kind: PACKET_KIND.icmpError, source: self, destination: source })
      expect(error.packet.inner).toMatchObject({ source, destination, sourcePort })
    }),
  )
})

it('quotes as much as fits into 576 bytes', () => {
  const ends = { source: client, destination: remote, sourcePort: 1, destinationPort: 2 }
  const placed = parseBytes(buildTcp({ ...ends, payload: new Uint8Array(1400).fill(7) }))
  expect(writeIcmpError(placed.packet, 3, 1, self)).toBe(576)
  expect(placed.guardsIntact(ICMP_ERROR_HEADROOM)).toBe(true)
  const error = parseBytes(placed.bytes())
  expect(error.verdict).toBe(0)
  expect(error.packet.inner.available).toBe(548)
})

it('never answers an error with an error', () => {
  const quoted = buildTcp({ source: remote, destination: client, sourcePort: 1, destinationPort: 2 })
  expect(
    canAnswerWithIcmp(parseBytes(buildIcmpError({ source: client, destination: remote, quoted })).packet),
  ).toBe(false)
  expect(canAnswerWithIcmp(parseBytes(quoted).packet)).toBe(true)
})

it.each(['224.0.0.1', '255.255.255.255'])('never answers what went to many: %s', (destination) => {
  const bytes = buildUdp({
    source: client,
    destination: parseAddress(destination),
    sourcePort: 1,
    destinationPort: 2,
  })
  expect(canAnswerWithIcmp(parseBytes(bytes).packet)).toBe(false)
})
