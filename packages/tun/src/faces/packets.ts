import type { PacketQueue } from '../queue/packet-queue.js'
import { PacketReader } from './packet-reader.js'

/** Options of `TunQueue.packets`. */
export interface PacketsOptions {
  signal?: AbortSignal
}

/** Yields copies of packets. */
export async function* iteratePackets(
  queue: PacketQueue,
  { signal }: PacketsOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new PacketReader(queue, signal)
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next()) yield packet
}
