import { isIPv4 } from 'node:net'

/** An ICMP echo request over IPv4 with complete checksums, as one would capture it. */
export function echoRequest(from: string, to: string, sequence = 1, payloadBytes = 56): Uint8Array {
  const packet = new Uint8Array(28 + payloadBytes)
  const view = new DataView(packet.buffer)
  view.setUint8(0, 0x45)
  view.setUint16(2, packet.length)
  view.setUint8(8, 64)
  view.setUint8(9, 1)
  packet.set(bytesOf(from), 12)
  packet.set(bytesOf(to), 16)
  view.setUint16(10, checksum(packet.subarray(0, 20)))
  view.setUint8(20, 8)
  view.setUint16(24, 0x4242)
  view.setUint16(26, sequence & 0xffff)
  view.setUint16(22, checksum(packet.subarray(20)))
  return packet
}

/** Whether the packet is an ICMP echo reply over IPv4 with this sequence number. */
export function isEchoReply(packet: Uint8Array, sequence = 1): boolean {
  return (
    packet[0] === 0x45 && packet[9] === 1 && packet[20] === 0 && (packet[26]! << 8) + packet[27]! === sequence
  )
}

function bytesOf(address: string): number[] {
  if (!isIPv4(address)) throw new TypeError(`${address} is no IPv4 address`)
  return address.split('.').map(Number)
}

function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
