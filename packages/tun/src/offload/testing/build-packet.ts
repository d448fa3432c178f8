import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../../batch/descriptor.js'
import type { PacketBatch } from '../../batch/packet-batch.js'
import { naiveChecksum, naiveSum, pseudoHeader } from '../../checksum/testing/naive-checksum.js'

/** The fields of a packet; whatever is not said has a plain value. */
export interface PacketFields {
  version?: 4 | 6
  protocol?: 'tcp' | 'udp'
  source?: number[]
  destination?: number[]
  ttl?: number
  tos?: number
  /** IPv4. */
  identification?: number
  dontFragment?: boolean
  /** IPv4 options, or IPv6 extension headers of which the first is of type `next`. */
  between?: { next: number; bytes: number[] }
  /** IPv6. */
  flowLabel?: number
  sourcePort?: number
  destinationPort?: number
  sequence?: number
  acknowledgment?: number
  flags?: number
  window?: number
  urgent?: number
  options?: number[]
  payload: Uint8Array
}

/** A packet put together byte by byte, with complete checksums or, if `partial`, with the sum of the pseudo-header alone. */
export function buildPacket(fields: PacketFields, partial = false): Uint8Array {
  const { version = 4, protocol = 'tcp' } = fields
  const source =
    fields.source ?? (version === 4 ? [192, 0, 2, 1] : [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1])
  const destination =
    fields.destination ??
    (version === 4 ? [198, 51, 100, 2] : [0x20, 1, 0xd, 0xb8, 1, ...Array(10).fill(0), 2])
  const transport = protocol === 'tcp' ? tcp(fields) : udp(fields)
  const number = protocol === 'tcp' ? 6 : 17
  const pseudo = pseudoHeader(Uint8Array.from(source), Uint8Array.from(destination), number, transport.length)
  const complete = naiveChecksum(pseudo, transport)
  const check = partial ? naiveSum(pseudo) : complete === 0 && protocol === 'udp' ? 0xffff : complete
  transport.splice(protocol === 'tcp' ? 16 : 6, 2, ...u16(check))
  const ip =
    version === 4
      ? ipv4(fields, number, source, destination, transport.length)
      : ipv6(fields, number, source, destination, transport.length)
  return Uint8Array.from([...ip, ...transport])
}

/** Appends the fields as a super-packet, as the kernel would hand it over. */
export function appendSuper(batch: PacketBatch, fields: PacketFields, gsoSize: number): number {
  const { version = 4, protocol = 'tcp' } = fields
  const index = batch.append(buildPacket(fields, true))
  const between = fields.between?.bytes.length ?? 0
  const start = (version === 4 ? 20 : 40) + between
  const isTcp = protocol === 'tcp'
  const type = version === 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6
  const words = index * DESCRIPTOR_WORDS
  const { descriptors } = batch
  descriptors[words + DESCRIPTOR.flags] = VIRTIO_NET_HDR_F_NEEDS_CSUM
  descriptors[words + DESCRIPTOR.gsoType] = isTcp ? type : VIRTIO_NET_HDR_GSO_UDP_L4
  if (isTcp && (fields.flags ?? 0) & 0x80) descriptors[words + DESCRIPTOR.gsoType]! |= VIRTIO_NET_HDR_GSO_ECN
  descriptors[words + DESCRIPTOR.headerLength] = start + (isTcp ? 20 + (fields.options?.length ?? 0) : 8)
  descriptors[words + DESCRIPTOR.gsoSize] = gsoSize
  descriptors[words + DESCRIPTOR.checksumStart] = start
  descriptors[words + DESCRIPTOR.checksumOffset] = isTcp ? 16 : 6
  return index
}

/** The packets that a sender would have sent for the fields of a super-packet, one by one. */
export function segmentsOf(fields: PacketFields, gsoSize: number): Uint8Array[] {
  const segments: Uint8Array[] = []
  const { payload, flags = 0x10, sequence = 0, identification = 0 } = fields
  for (let at = 0; at < payload.length || at === 0; at += gsoSize) {
    const isLast = at + gsoSize >= payload.length
    let own = flags
    if (!isLast) own &= ~0x09
    if (at > 0) own &= ~0x80
    segments.push(
      buildPacket({
        ...fields,
        flags: own,
        sequence: (sequence + at) >>> 0,
        identification: (identification + segments.length) & 0xffff,
        payload: payload.subarray(at, at + gsoSize),
      }),
    )
  }
  return segments
}

/** `length` bytes that differ, the same for the same seed. */
export function bytesOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed | 1
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

function tcp(fields: PacketFields): number[] {
  const {
    sourcePort = 1111,
    destinationPort = 80,
    sequence = 0,
    acknowledgment = 5000,
    flags = 0x10,
  } = fields
  const { window = 501, urgent = 0, options = [], payload } = fields
  return [
    ...u16(sourcePort),
    ...u16(destinationPort),
    ...u32(sequence),
    ...u32(acknowledgment),
    ((20 + options.length) / 4) << 4,
    flags,
    ...u16(window),
    ...[0, 0],
    ...u16(urgent),
    ...options,
    ...payload,
  ]
}

function udp({ sourcePort = 1111, destinationPort = 53, payload }: PacketFields): number[] {
  return [...u16(sourcePort), ...u16(destinationPort), ...u16(8 + payload.length), 0, 0, ...payload]
}

function ipv4(
  fields: PacketFields,
  protocol: number,
  source: number[],
  destination: number[],
  length: number,
): number[] {
  const { ttl = 64, tos = 0, identification = 0, dontFragment = true, between } = fields
  const options = between?.bytes ?? []
  const header = [
    0x40 | (5 + options.length / 4),
    tos,
    ...u16(20 + options.length + length),
    ...u16(identification),
    ...u16(dontFragment ? 0x4000 : 0),
    ttl,
    protocol,
    ...[0, 0],
    ...source,
    ...destination,
    ...options,
  ]
  header.splice(10, 2, ...u16(naiveChecksum(header)))
  return header
}

function ipv6(
  fields: PacketFields,
  protocol: number,
  source: number[],
  destination: number[],
  length: number,
): number[] {
  const { ttl = 64, tos = 0, flowLabel = 0, between } = fields
  const extensions = between?.bytes ?? []
  return [
    ...u32((0x60000000 | (tos << 20) | flowLabel) >>> 0),
    ...u16(extensions.length + length),
    between?.next ?? protocol,
    ttl,
    ...source,
    ...destination,
    ...extensions,
  ]
}

function u16(value: number): number[] {
  return [value >>> 8, value & 0xff]
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
