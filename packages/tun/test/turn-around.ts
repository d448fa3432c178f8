import { DESCRIPTOR, DESCRIPTOR_WORDS, PacketBatch, type TunDevice } from '../src/index.js'

/** What the descriptors of one packet said. */
export interface SeenPacket {
  length: number
  flags: number
  gsoType: number
  gsoSize: number
  checksumStart: number
  status: number
}

/**
 * Swaps source and destination of every packet and writes it back, virtio words and all, until stopped. The
 * checksums stay right, finished or not: they are sums, and a sum does not care for the order.
 */
export function turnAround(device: TunDevice): { seen: SeenPacket[]; stop: () => void } {
  const batch = new PacketBatch()
  const seen: SeenPacket[] = []
  const stop = device.queue.onReadable(() => {
    device.queue.readBatch(batch)
    for (let i = 0; i < batch.count; i += 1) swapAddresses(batch.packet(i))
    device.queue.writeBatch(batch)
    for (let i = 0; i < batch.count; i += 1) seen.push(describe(batch, i))
  })
  return { seen, stop }
}

export function swapAddresses(packet: Uint8Array): void {
  const [start, bytes] = packet[0]! >> 4 === 4 ? [12, 4] : [8, 16]
  const source = packet.slice(start, start + bytes)
  packet.copyWithin(start, start + bytes, start + 2 * bytes)
  packet.set(source, start + bytes)
}

function describe(batch: PacketBatch, index: number): SeenPacket {
  const word = (name: keyof typeof DESCRIPTOR) =>
    batch.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR[name]]!
  return {
    length: word('length'),
    flags: word('flags'),
    gsoType: word('gsoType'),
    gsoSize: word('gsoSize'),
    checksumStart: word('checksumStart'),
    status: word('status'),
  }
}
