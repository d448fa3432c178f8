import { requireSignal } from '../errors/invalid-argument.js'
import type { PacketQueue } from '../queue/packet-queue.js'
import { PacketReader } from './packet-reader.js'
import { requireOptions } from './require-options.js'

/** Options of `TunQueue.packets`. */
export interface PacketsOptions {
  signal?: AbortSignal | undefined
}

/**
 * Copies of packets, one after the other.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, at once
 */
export function iteratePackets(
  queue: PacketQueue,
  options: PacketsOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  requireOptions(options)
  const { signal } = options
  requireSignal('signal', signal)
  return readAll(new PacketReader(queue, signal))
}

async function* readAll(reader: PacketReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next()) yield packet
}
