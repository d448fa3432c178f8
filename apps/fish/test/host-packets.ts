/** What a test puts into the device, and how it tells what comes out: just enough of IPv4, written without the code under test. */

export interface Ends {
  readonly from: string
  readonly to: string
}

export function udpPacket(ends: Ends, ports: [number, number], payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(ports[0], 0)
  header.writeUInt16BE(ports[1], 2)
  header.writeUInt16BE(8 + payload.length, 4)
  // No checksum, as RFC 768 allows over IPv4.
  return ipPacket(17, ends, Buffer.concat([header, payload]))
}

export function synPacket(ends: Ends, ports: [number, number]): Uint8Array {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(ports[0], 0)
  header.writeUInt16BE(ports[1], 2)
  header.writeUInt32BE(1000, 4)
  header.writeUInt16BE(0x5002, 12)
  header.writeUInt16BE(65535, 14)
  const pseudo = Buffer.from([...octets(ends.from), ...octets(ends.to), 0, 6, 0, header.length])
  header.writeUInt16BE(checksum(Buffer.concat([pseudo, header])), 16)
  return ipPacket(6, ends, header)
}

export function echoPacket(ends: Ends, id: number, payload: Uint8Array = new Uint8Array(8)): Uint8Array {
  return icmpEcho(8, ends, id, payload)
}

export function echoReplyPacket(ends: Ends, id: number): Uint8Array {
  return icmpEcho(0, ends, id, new Uint8Array(8))
}

/** Generic routing encapsulation: neither TCP nor UDP nor ICMP. */
export function otherPacket(ends: Ends): Uint8Array {
  return ipPacket(47, ends, new Uint8Array(8))
}

/** An address, a protocol, and the words that matter of what follows: `192.0.2.2 tcp 8080>40000`, `192.0.2.2 icmp 3/3`. */
export function describePacket(packet: Uint8Array): string {
  const bytes = Buffer.from(packet)
  const from = bytes.subarray(12, 16).join('.')
  const offset = bytes.readUInt16BE(6) & 0x1fff
  const transport = bytes.subarray((bytes[0]! & 15) * 4)
  const protocol = { 1: 'icmp', 6: 'tcp', 17: 'udp' }[bytes[9]!] ?? String(bytes[9])
  if (offset > 0) return `${from} ${protocol} fragment`
  if (protocol === 'icmp') return `${from} icmp ${transport[0]}/${transport[1]}`
  return `${from} ${protocol} ${transport.readUInt16BE(0)}>${transport.readUInt16BE(2)}`
}

function icmpEcho(type: number, ends: Ends, id: number, payload: Uint8Array): Uint8Array {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 0, 0, 1]), payload])
  message.writeUInt16BE(id, 4)
  message.writeUInt16BE(checksum(message), 2)
  return ipPacket(1, ends, message)
}

function ipPacket(protocol: number, { from, to }: Ends, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + payload.length, 2)
  // Do not fragment: what does not fit is answered with an error.
  header.writeUInt16BE(0x4000, 6)
  header[8] = 64
  header[9] = protocol
  header.set([...octets(from), ...octets(to)], 12)
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

const octets = (address: string) => address.split('.').map(Number)

/** RFC 1071, for an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
