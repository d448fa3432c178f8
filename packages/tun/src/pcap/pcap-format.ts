/**
 * The classic capture file: a header of 24 bytes, then records of a 16-byte header and the packet. Every field may be in either
 * byte order; the magic number tells which.
 *
 * @see draft-ietf-opsawg-pcap (PCAP Capture File Format)
 */

export const FILE_HEADER_BYTES = 24
export const RECORD_HEADER_BYTES = 16

export const MAGIC_MICROSECONDS = 0xa1b2c3d4
export const MAGIC_NANOSECONDS = 0xa1b23c4d
/** The block type that a pcapng file begins with, the same in both byte orders. */
export const MAGIC_PCAPNG = 0x0a0d0d0a

export const VERSION_MAJOR = 2
export const VERSION_MINOR = 4

/** Packets begin with an IPv4 or IPv6 header. */
export const LINKTYPE_RAW = 101
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229

/** The largest record that libpcap reads (MAXIMUM_SNAPLEN); a file that says more is damaged or hostile. */
export const MAX_CAPTURED_BYTES = 262_144

interface FileHeader {
  snapLength: number
  nanoseconds: boolean
}

/** The first 24 bytes of a file of raw IP packets, little-endian. */
export function encodeFileHeader({ snapLength, nanoseconds }: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, nanoseconds ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS, true)
  view.setUint16(4, VERSION_MAJOR, true)
  view.setUint16(6, VERSION_MINOR, true)
  view.setUint32(16, snapLength, true)
  view.setUint32(20, LINKTYPE_RAW, true)
  return bytes
}
