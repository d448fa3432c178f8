/**
 * What really arrived on the lab's internet: the kernel mirrors every packet that comes in there to a TUN device (`tc … action mirred
 * egress mirror`), and this program reads it. Needs no capture library and works without root in a user namespace.
 */
import { execFileSync } from 'node:child_process'
import { DESCRIPTOR, DESCRIPTOR_WORDS, openTun, PacketBatch } from '@slatfatf/tun'
import { formatAddress } from '../packet/address.js'
import { createPacket, PACKET_KIND } from '../packet/packet.js'
import { parsePacket } from '../packet/parse.js'
import type { Captured } from './remote-capture.js'

const TCP_RST = 0x04
const NAMES: Record<number, string> = {
  [PACKET_KIND.tcp]: 'tcp',
  [PACKET_KIND.udp]: 'udp',
  [PACKET_KIND.echoRequest]: 'echo request',
  [PACKET_KIND.echoReply]: 'echo reply',
  [PACKET_KIND.icmpError]: 'icmp error',
}

const device = await openTun({ name: 'capture', configure: { up: true, mtu: 65_535 } })
for (const command of [
  'qdisc add dev eth0 clsact',
  'filter add dev eth0 ingress protocol ip u32 match u32 0 0 action mirred egress mirror dev capture',
]) {
  execFileSync('tc', command.split(' '), { stdio: 'inherit' })
}

let captured = empty()
const batch = new PacketBatch()
const packet = createPacket()
device.queue.onReadable(() => {
  const count = device.queue.readBatch(batch)
  for (let index = 0; index < count; index++) note(index * DESCRIPTOR_WORDS)
})

function note(at: number): void {
  const offset = batch.descriptors[at + DESCRIPTOR.offset]!
  if (parsePacket(packet, batch.view, offset, batch.descriptors[at + DESCRIPTOR.length]!, true) !== 0) {
    captured.unreadable++
    return
  }
  captured.packets++
  const source = `${NAMES[packet.kind]} ${formatAddress(packet.source)}:${packet.sourcePort}`
  captured.sources.set(source, (captured.sources.get(source) ?? 0) + 1)
  if (packet.kind === PACKET_KIND.tcp && packet.tcpFlags & TCP_RST) captured.resets++
}

function empty(): Captured {
  return { packets: 0, sources: new Map(), resets: 0, unreadable: 0 }
}

process.on('message', () => {
  process.send?.(captured)
  captured = empty()
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
