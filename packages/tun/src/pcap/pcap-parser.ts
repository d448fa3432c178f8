import type { TunError } from '../errors/tun-error.js'
import { pcapError } from './pcap-error.js'
import {
  FILE_HEADER_BYTES,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_RAW,
  MAGIC_MICROSECONDS,
  MAGIC_NANOSECONDS,
  MAGIC_PCAPNG,
  MAX_CAPTURED_BYTES,
  RECORD_HEADER_BYTES,
  VERSION_MAJOR,
  VERSION_MINOR,
} from './pcap-format.js'

/** One packet of a capture file. */
export interface PcapRecord {
  /** When it was seen, in nanoseconds since 1970. */
  timestampNs: bigint
  /** What was captured of it: a copy, yours to keep. */
  packet: Uint8Array
  /** How long it was. More than `packet.length` if the capture cut it. */
  originalLength: number
}

const BUFFER_BYTES = 2 * (RECORD_HEADER_BYTES + MAX_CAPTURED_BYTES)

/** Takes a capture file in pieces of any size and gives its records. Its memory does not grow. */
export class PcapParser {
  readonly #file: string
  readonly #bytes = new Uint8Array(BUFFER_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  #start = 0
  #end = 0
  /** Of `#start` in the file. */
  #position = 0
  #hasHeader = false
  #littleEndian = true
  #unitNs = 1000

  /** `file`: what errors call it. */
  constructor(file: string) {
    this.#file = file
  }

  /** Takes bytes of `chunk` from index `from`, and returns how many: all, or as many as there is room for before {@link next}. */
  push(chunk: Uint8Array, from = 0): number {
    if (this.#bytes.length - this.#end < chunk.length - from) {
      this.#bytes.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    const taken = Math.min(chunk.length - from, this.#bytes.length - this.#end)
    this.#bytes.set(chunk.subarray(from, from + taken), this.#end)
    this.#end += taken
    return taken
  }

  /** The next record, or undefined when more bytes are needed. Throws `ERR_PCAP_FORMAT`, `ERR_PCAP_LINK_TYPE`, `ERR_PCAP_RECORD`. */
  next(): PcapRecord | undefined {
    if (!this.#hasHeader) {
      if (this.#end - this.#start < FILE_HEADER_BYTES) return undefined
      this.#readFileHeader()
      this.#advance(FILE_HEADER_BYTES)
      this.#hasHeader = true
    }
    if (this.#end - this.#start < RECORD_HEADER_BYTES) return undefined
    const captured = this.#uint32(8)
    const originalLength = this.#uint32(12)
    if (captured > MAX_CAPTURED_BYTES || captured > originalLength) {
      throw this.#error(
        'ERR_PCAP_RECORD',
        `a record of ${captured} bytes of a packet of ${originalLength}`,
        `A record has at most ${MAX_CAPTURED_BYTES} bytes, and no more than its packet: the file is damaged from here on`,
      )
    }
    if (this.#end - this.#start < RECORD_HEADER_BYTES + captured) return undefined
    const timestampNs = BigInt(this.#uint32(0)) * 1_000_000_000n + BigInt(this.#uint32(4) * this.#unitNs)
    const start = this.#start + RECORD_HEADER_BYTES
    const packet = this.#bytes.slice(start, start + captured)
    this.#advance(RECORD_HEADER_BYTES + captured)
    return { timestampNs, packet, originalLength }
  }

  /** Throws `ERR_PCAP_TRUNCATED` if the file may not end here. */
  end(): void {
    const rest = this.#end - this.#start
    if (this.#hasHeader && rest === 0) return
    const part = this.#hasHeader ? 'record' : 'file header'
    throw this.#error(
      'ERR_PCAP_TRUNCATED',
      `the file ends after ${rest} bytes of a ${part}`,
      this.#hasHeader
        ? 'What came before is whole: whoever wrote the file did not finish it'
        : 'A capture file has at least 24 bytes',
    )
  }

  #readFileHeader(): void {
    const magic = this.#view.getUint32(this.#start, true)
    this.#littleEndian = magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS
    switch (this.#uint32(0)) {
      case MAGIC_MICROSECONDS:
        break
      case MAGIC_NANOSECONDS:
        this.#unitNs = 1
        break
      case MAGIC_PCAPNG:
        throw this.#error('ERR_PCAP_FORMAT', 'this is a pcapng file', 'Convert it: editcap -F pcap IN OUT')
      default:
        throw this.#error(
          'ERR_PCAP_FORMAT',
          `0x${magic.toString(16).padStart(8, '0')} is no magic number of a pcap file`,
          'Record one with createPcapWriter() or tcpdump -w',
        )
    }
    this.#checkVersion()
    this.#checkLinkType()
  }

  #checkVersion(): void {
    const major = this.#view.getUint16(this.#start + 4, this.#littleEndian)
    const minor = this.#view.getUint16(this.#start + 6, this.#littleEndian)
    if (major === VERSION_MAJOR && minor === VERSION_MINOR) return
    throw this.#error('ERR_PCAP_FORMAT', `format version ${major}.${minor}`, 'Only version 2.4 is known')
  }

  #checkLinkType(): void {
    // The upper bits tell of frame check sequences, which IP packets have none of.
    const linkType = this.#uint32(20) & 0xffff
    if (linkType === LINKTYPE_RAW || linkType === LINKTYPE_IPV4 || linkType === LINKTYPE_IPV6) return
    throw this.#error(
      'ERR_PCAP_LINK_TYPE',
      `link type ${linkType}`,
      'Packets must be IP packets (link type 101, 228 or 229): capture on a TUN device, not on an Ethernet one or on "any"',
    )
  }

  #uint32(offset: number): number {
    return this.#view.getUint32(this.#start + offset, this.#littleEndian)
  }

  #advance(bytes: number): void {
    this.#start += bytes
    this.#position += bytes
  }

  #error(code: Parameters<typeof pcapError>[0], text: string, hint: string): TunError {
    return pcapError(code, this.#file, this.#position, text, hint)
  }
}
