/** An IPv4 packet with this payload, of a protocol that nobody looks into. Its header checksum is not filled in. */
export function ipv4Packet(payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(20 + payload.length)
  const view = new DataView(packet.buffer)
  view.setUint8(0, 0x45)
  view.setUint16(2, packet.length)
  view.setUint8(8, 64)
  view.setUint8(9, 253)
  packet.set(payload, 20)
  return packet
}
