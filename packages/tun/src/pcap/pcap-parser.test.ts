import { array, assert, boolean, integer, nat, property, record, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PcapParser, type PcapRecord } from './pcap-parser.js'

const MICROSECONDS = 0xa1b2c3d4
const NANOSECONDS = 0xa1b23c4d

interface FileShape {
  magic?: number
  little?: boolean
  major?: number
  minor?: number
  linkType?: number
}

function fileHeader({
  magic = MICROSECONDS,
  little = true,
  major = 2,
  minor = 4,
  linkType = 101,
}: FileShape) {
  const view = new DataView(new ArrayBuffer(24))
  view.setUint32(0, magic, little)
  view.setUint16(4, major, little)
  view.setUint16(6, minor, little)
  view.setUint32(16, 262144, little)
  view.setUint32(20, linkType, little)
  return new Uint8Array(view.buffer)
}

function recordHeader(seconds: number, fraction: number, captured: number, original: number, little = true) {
  const view = new DataView(new ArrayBuffer(16))
  for (const [i, value] of [seconds, fraction, captured, original].entries())
    view.setUint32(i * 4, value, little)
  return new Uint8Array(view.buffer)
}

function parse(...pieces: Uint8Array[]): PcapRecord[] {
  const parser = new PcapParser('a.pcap')
  const records: PcapRecord[] = []
  for (const piece of pieces) {
    for (let taken = 0; taken < piece.length; ) {
      taken += parser.push(piece, taken)
      for (let next = parser.next(); next; next = parser.next()) records.push(next)
    }
  }
  parser.end()
  return records
}

test.each([
  [MICROSECONDS, true, 7_000_000_123_000n],
  [MICROSECONDS, false, 7_000_000_123_000n],
  [NANOSECONDS, true, 7_000_000_000_123n],
  [NANOSECONDS, false, 7_000_000_000_123n],
])('magic %# in either byte order gives the time in nanoseconds', (magic, little, timestampNs) => {
  const file = [fileHeader({ magic, little }), recordHeader(7000, 123, 2, 1500, little), Uint8Array.of(8, 9)]
  expect(parse(...file)).toEqual([{ timestampNs, packet: Uint8Array.of(8, 9), originalLength: 1500 }])
})

test.each([101, 228, 229, 0x1400_0065])('link type %d is taken', (linkType) => {
  expect(parse(fileHeader({ linkType }))).toEqual([])
})

test('records come out the same in whatever pieces the file comes', () => {
  const packets = array(
    record({
      packet: uint8Array({ maxLength: 300 }),
      cut: nat(2000),
      seconds: nat(),
      fraction: nat(999_999),
    }),
    { maxLength: 20 },
  )
  assert(
    property(packets, boolean(), array(integer({ min: 1, max: 400 })), (shapes, little, sizes) => {
      const parts = shapes.flatMap(({ packet, cut, seconds, fraction }) => [
        recordHeader(seconds, fraction, packet.length, packet.length + cut, little),
        packet,
      ])
      const file = Buffer.concat([fileHeader({ little }), ...parts])
      const pieces: Uint8Array[] = []
      let start = 0
      for (const size of [...sizes, file.length]) {
        pieces.push(file.subarray(start, start + size))
        start = Math.min(start + size, file.length)
      }
      expect(parse(...pieces)).toEqual(
        shapes.map(({ packet, cut, seconds, fraction }) => ({
          timestampNs: BigInt(seconds) * 1_000_000_000n + BigInt(fraction) * 1000n,
          packet: Uint8Array.from(packet),
          originalLength: packet.length + cut,
        })),
      )
    }),
  )
})

test('the largest record that libpcap reads is read, in one piece or byte by byte beyond the buffer', () => {
  const large = new Uint8Array(262144).fill(5)
  const file = [
    fileHeader({}),
    ...Array(5)
      .fill([recordHeader(1, 0, 262144, 262144), large])
      .flat(),
  ]
  const records = parse(Buffer.concat(file))
  expect(records).toHaveLength(5)
  for (const { packet } of records) expect(Buffer.compare(packet, large)).toBe(0)
})

describe('is refused, with the position', () => {
  const whole = [fileHeader({}), recordHeader(1, 0, 3, 3), Uint8Array.of(1, 2, 3)]

  test.each([
    ['no capture', Uint8Array.from({ length: 30 }, (_, i) => i), 'ERR_PCAP_FORMAT', /byte 0: 0x03020100/],
    [
      'pcapng',
      Buffer.from('0a0d0d0a'.padEnd(60, '0'), 'hex'),
      'ERR_PCAP_FORMAT',
      /byte 0: .*pcapng.*editcap/,
    ],
    ['version 2.3', fileHeader({ minor: 3 }), 'ERR_PCAP_FORMAT', /byte 0: format version 2\.3/],
    ['version 3.4', fileHeader({ major: 3 }), 'ERR_PCAP_FORMAT', /version 3\.4/],
    ['Ethernet', fileHeader({ linkType: 1 }), 'ERR_PCAP_LINK_TYPE', /byte 0: link type 1 /],
    ['Linux cooked', fileHeader({ linkType: 113, little: false }), 'ERR_PCAP_LINK_TYPE', /link type 113/],
    [
      'an empty file',
      new Uint8Array(0),
      'ERR_PCAP_TRUNCATED',
      /byte 0: the file ends after 0 bytes of a file header/,
    ],
    [
      'half a file header',
      fileHeader({}).subarray(0, 23),
      'ERR_PCAP_TRUNCATED',
      /after 23 bytes of a file header/,
    ],
  ])('%s', (_, file, code, message) => {
    const error = expect.objectContaining({
      code,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    })
    expect(() => parse(file)).toThrow(error)
  })

  test.each([
    [
      'a record header that is cut',
      [recordHeader(1, 0, 3, 3).subarray(0, 15)],
      'ERR_PCAP_TRUNCATED',
      /byte 43: .* 15 bytes of a record/,
    ],
    [
      'a packet that is cut',
      [recordHeader(1, 0, 3, 3), Uint8Array.of(1, 2)],
      'ERR_PCAP_TRUNCATED',
      /byte 43: .* 18 bytes/,
    ],
    [
      'a record of 4 GiB',
      [recordHeader(1, 0, 0xffffffff, 0xffffffff)],
      'ERR_PCAP_RECORD',
      /byte 43: a record of 4294967295/,
    ],
    [
      'a record longer than its packet',
      [recordHeader(1, 0, 4, 3), new Uint8Array(4)],
      'ERR_PCAP_RECORD',
      /byte 43/,
    ],
  ])('%s, after the record before it', (_, rest, code, message) => {
    const parser = new PcapParser('a.pcap')
    parser.push(Buffer.concat([...whole, ...rest]))
    expect(parser.next()?.packet).toEqual(Uint8Array.of(1, 2, 3))
    const error = expect.objectContaining({ code, message: expect.stringMatching(message) })
    expect(() => {
      parser.next()
      parser.end()
    }).toThrow(error)
  })

  test('whatever else: an error with a code of ours, never another one', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), boolean(), (bytes, hasHeader) => {
        try {
          parse(...(hasHeader ? [fileHeader({}), bytes] : [bytes]))
        } catch (error) {
          expect(error).toMatchObject({ name: 'TunError', code: expect.stringMatching(/^ERR_PCAP_/) })
        }
      }),
    )
  })
})
