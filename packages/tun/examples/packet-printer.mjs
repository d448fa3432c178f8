// Prints a line for every packet that is routed into the device, like a small tcpdump. Try it, as root, and in another shell:
//   ping 192.0.2.2; curl 192.0.2.2; curl 'http://[2001:db8::2]/'
import { SocketAddress } from 'node:net'
import { openTun } from '@slatfatf/tun'

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']
const ICMP = { 0: 'echo reply', 3: 'unreachable', 8: 'echo request', 11: 'time exceeded' }
const ICMPV6 = { 128: 'echo request', 129: 'echo reply', 133: 'router solicitation', 143: 'listener report' }

// The kernel may hand over 64 KiB of a flow at once; with 'split' they come as the packets they stand for.
const device = await openTun({
  offload: 'split',
  configure: { addresses: ['192.0.2.1/24', '2001:db8::1/64'], up: true },
})
process.once('SIGINT', () => device.close())
console.log(`printing what is routed into ${device.name}`)

let packets = 0
for await (const packet of device.queue.packets()) {
  console.log(describe(packet))
  packets += 1
}
console.log(`${packets} packets`)

function describe(packet) {
  const { source, destination, protocol, payload, isLaterFragment } = header(packet)
  const line = (from, to, ...rest) => [from, '>', to, ...rest, packet.length, 'bytes'].join(' ')
  if (isLaterFragment) return line(source, destination, 'fragment')
  const port = (address, at) => `${address.includes(':') ? `[${address}]` : address}:${word(packet, at)}`
  const [from, to] = [port(source, payload), port(destination, payload + 2)]
  switch (protocol) {
    case 1:
      return line(source, destination, 'ICMP', ICMP[packet[payload]] ?? packet[payload])
    case 6:
      return line(from, to, 'TCP', ...TCP_FLAGS.filter((_, bit) => packet[payload + 13] & (1 << bit)))
    case 17:
      return line(from, to, 'UDP')
    case 58:
      return line(source, destination, 'ICMPv6', ICMPV6[packet[payload]] ?? packet[payload])
    default:
      return line(source, destination, 'protocol', protocol)
  }
}

/** What the IP header says, and where its payload begins. IPv6 extension headers count as payload. */
function header(packet) {
  if (packet[0] >> 4 === 6) {
    const address = (at) => ipv6(packet.subarray(at, at + 16))
    return { source: address(8), destination: address(24), protocol: packet[6], payload: 40 }
  }
  return {
    source: packet.subarray(12, 16).join('.'),
    destination: packet.subarray(16, 20).join('.'),
    protocol: packet[9],
    payload: (packet[0] & 0x0f) * 4,
    isLaterFragment: (word(packet, 6) & 0x1fff) !== 0,
  }
}

/** An address in the form of RFC 5952. */
function ipv6(bytes) {
  const groups = Array.from({ length: 8 }, (_, i) => word(bytes, 2 * i).toString(16))
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address
}

function word(bytes, at) {
  return (bytes[at] << 8) | bytes[at + 1]
}
