/** The smallest thing a queue takes: an IPv4 packet with one byte that tells it from others. */
export function datagram(id: number): Uint8Array {
  const packet = new Uint8Array(21)
  packet[0] = 0x45
  packet[3] = packet.length
  packet[20] = id
  return packet
}
