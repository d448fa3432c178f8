import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress } from './address.js'
import { MALFORMED } from './malformed.js'
import { PACKET_KIND } from './packet.js'
import { completePacket } from './testing/arbitraries.js'
import { buildEcho, buildIcmpError, buildIpv4, buildTcp, buildUdp } from './testing/build-packet.js'
import { parseBytes } from './testing/parse-bytes.js'
import { wrongChecksums } from './testing/verify-packet.js'

const client = parseAddress('10.64.0.2')
const remote = parseAddress('203.0.113.1')
const ends = { source: client, destination: remote }
const tcp = buildTcp({ ...ends, sourcePort: 40_000, destinationPort: 443, flags: 0x02 })

/** The packet with some bytes changed and its header checksum made right again. */
function changed(packet: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const bytes = packet.slice()
  const view = new DataView(bytes.buffer)
  change(view)
  view.setUint16(10, 0)
  let sum = 0
  for (let at = 0; at < Math.min(20, bytes.length); at += 2) sum += view.getUint16(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(10, ~sum & 0xffff)
  return bytes
}

describe('parsePacket', () => {
  it('reads the tuple and the flags of TCP', () => {
    const { verdict, packet } = parseBytes(tcp)
    expect(verdict).toBe(0)
    expect(packet).toMatchObject({
      kind: PACKET_KIND.tcp,
      ...ends,
      sourcePort: 40_000,
      destinationPort: 443,
      tcpFlags: 2,
    })
  })

  it('reads a packet captured from a Linux host: a SYN with options', () => {
    // tcpdump -x of `curl http://192.0.2.2/` from 192.0.2.1, transmit checksum offload switched off.
    const bytes = Buffer.from(
      '4500003ca6ee400040060fcac0000201c0000202e73c00502874b23100000000a002faf09e310000020405b40402080ad1de96c5000000000103030a',
      'hex',
    )
    const { packet, verdict } = parseBytes(bytes)
    expect(verdict).toBe(0)
    expect(packet).toMatchObject({
      source: parseAddress('192.0.2.1'),
      destination: parseAddress('192.0.2.2'),
      sourcePort: 59_196,
      destinationPort: 80,
    })
    expect(wrongChecksums(bytes)).toEqual([])
  })

  it('reads the identifier of an echo as both ports', () => {
    const { packet } = parseBytes(buildEcho({ ...ends, type: 'request', id: 9001 }))
    expect(packet).toMatchObject({ kind: PACKET_KIND.echoRequest, sourcePort: 9001, destinationPort: 9001 })
  })

  it('reads the packet that an ICMP error quotes, even when only eight bytes of its transport are there', () => {
    const quoted = buildUdp({
      source: remote,
      destination: client,
      sourcePort: 53,
      destinationPort: 9000,
    }).subarray(0, 28)
    const { packet, verdict } = parseBytes(buildIcmpError({ ...ends, quoted }))
    expect(verdict).toBe(0)
    expect(packet.kind).toBe(PACKET_KIND.icmpError)
    expect(packet.inner).toMatchObject({
      protocol: 17,
      source: remote,
      destination: client,
      sourcePort: 53,
      destinationPort: 9000,
    })
  })

  it('takes the total length of the header and leaves padding behind it alone', () => {
    const { packet, verdict } = parseBytes(new Uint8Array([...tcp, 0, 0, 0, 0]))
    expect(verdict).toBe(0)
    expect(packet.length).toBe(tcp.length)
  })

  const quotedSyn = buildTcp({ source: remote, destination: client, sourcePort: 1, destinationPort: 2 })
  it.each<[keyof typeof MALFORMED, Uint8Array]>([
    ['truncated', tcp.subarray(0, 19)],
    ['not_ipv4', changed(tcp, (view) => view.setUint8(0, 0x65))],
    ['bad_header_length', changed(tcp, (view) => view.setUint8(0, 0x44))],
    ['bad_header_length', changed(tcp, (view) => view.setUint8(0, 0x4f))],
    ['bad_total_length', changed(tcp, (view) => view.setUint16(2, 19))],
    ['bad_total_length', changed(tcp, (view) => view.setUint16(2, tcp.length + 1))],
    ['bad_header_checksum', tcp.map((byte, at) => (at === 8 ? byte ^ 1 : byte))],
    ['fragment', changed(tcp, (view) => view.setUint16(6, 0x2000))],
    ['fragment', changed(tcp, (view) => view.setUint16(6, 0x0001))],
    ['unsupported_protocol', buildIpv4(47, ends, new Uint8Array(20))],
    ['transport_truncated', buildIpv4(6, ends, new Uint8Array(19))],
    ['transport_truncated', buildIpv4(17, ends, new Uint8Array(7))],
    ['transport_truncated', buildIpv4(1, ends, new Uint8Array(7))],
    ['bad_tcp_header_length', changed(tcp, (view) => view.setUint8(32, 0x40))],
    ['bad_tcp_header_length', changed(tcp, (view) => view.setUint8(32, 0xf0))],
    ['bad_udp_length', buildIpv4(17, ends, new Uint8Array([0, 1, 0, 2, 0, 7, 0, 0]))],
    ['bad_udp_length', buildIpv4(17, ends, new Uint8Array([0, 1, 0, 2, 0, 9, 0, 0]))],
    ['unsupported_icmp', buildIpv4(1, ends, new Uint8Array([5, 0, 0, 0, 0, 0, 0, 0]))],
    [
      'bad_icmp_checksum',
      buildIcmpError({ ...ends, quoted: quotedSyn }).map((byte, at) => (at === 22 ? byte ^ 1 : byte)),
    ],
    ['bad_quoted_packet', buildIcmpError({ ...ends, quoted: quotedSyn.subarray(0, 27) })],
    [
      'bad_quoted_packet',
      buildIcmpError({ ...ends, quoted: changed(quotedSyn, (view) => view.setUint8(0, 0x65)) }),
    ],
    [
      'bad_quoted_packet',
      buildIcmpError({ ...ends, quoted: changed(quotedSyn, (view) => view.setUint16(6, 1)) }),
    ],
    [
      'bad_quoted_packet',
      buildIcmpError({ ...ends, quoted: changed(quotedSyn, (view) => view.setUint8(9, 47)) }),
    ],
    [
      'bad_quoted_checksum',
      buildIcmpError({ ...ends, quoted: quotedSyn.map((byte, at) => (at === 8 ? byte ^ 1 : byte)) }),
    ],
    [
      'bad_source',
      buildTcp({ source: parseAddress('127.0.0.1'), destination: remote, sourcePort: 1, destinationPort: 2 }),
    ],
    [
      'bad_source',
      buildTcp({ source: parseAddress('224.0.0.1'), destination: remote, sourcePort: 1, destinationPort: 2 }),
    ],
    ['bad_source', buildTcp({ source: 0, destination: remote, sourcePort: 1, destinationPort: 2 })],
  ])('names what is wrong: %s', (reason, bytes) => {
    expect(parseBytes(bytes).verdict).toBe(MALFORMED[reason])
  })

  it('judges a packet by its own bytes only, at every length it could be cut to', () => {
    fc.assert(
      fc.property(completePacket, fc.nat(200), (bytes, cut) => {
        const shortened = bytes.subarray(0, Math.min(cut, bytes.length))
        const one = parseBytes(shortened, false, 0x00)
        const other = parseBytes(shortened, false, 0xff)
        expect(one.verdict).toBe(other.verdict)
        if (one.verdict === 0) expect({ ...one.packet, view: 0 }).toEqual({ ...other.packet, view: 0 })
      }),
    )
  })

  it('survives any bytes, and writes to none', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.tuple(completePacket, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
        return bytes.map((byte, index) => (index === at % bytes.length ? value : byte))
      }),
    )
    fc.assert(
      fc.property(hostile, (bytes) => {
        const placed = parseBytes(bytes)
        expect(placed.guardsIntact()).toBe(true)
        expect(placed.verdict).toBeLessThanOrEqual(MALFORMED.bad_source)
        expect(parseBytes(bytes, false, 0x00).verdict).toBe(parseBytes(bytes, false, 0xff).verdict)
      }),
      { numRuns: 2000 },
    )
  })
})
