import { DESCRIPTOR, DESCRIPTOR_WORDS, openTun, PacketBatch, readCounters } from '@slatfatf/tun'

const state = { device: undefined, events: [], lengthMax: 0, refused: 0, unwritten: 0 }

/** Opens a device and turns every packet back to where it came from. Resolves with what offload is live. */
export async function open(options) {
  state.device = await openTun(options)
  state.device.on('offload', (offload) => state.events.push(offload))
  const batch = new PacketBatch()
  state.device.queue.onReadable(() => turn(state.device.queue, batch))
  return state.device.offload
}

/** From now on the library in front of the kernel refuses super-packets of `protocols`. */
export function refuse(protocols) {
  process.env.SLATFATF_REFUSE = protocols
}

/** What came of it so far. */
export function report() {
  const { device, ...seen } = state
  return { ...seen, offload: device.offload, counters: readCounters(device.queue.counters) }
}

function turn(queue, batch) {
  queue.readBatch(batch)
  for (let i = 0; i < batch.count; i += 1) {
    const packet = batch.packet(i)
    swapAddresses(packet)
    state.lengthMax = Math.max(state.lengthMax, packet.length)
  }
  state.unwritten += batch.count - queue.writeBatch(batch)
  for (let i = 0; i < batch.count; i += 1) {
    if (batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.status] !== 0) state.refused += 1
  }
}

function swapAddresses(packet) {
  const [start, bytes] = packet[0] >> 4 === 4 ? [12, 4] : [8, 16]
  const source = packet.slice(start, start + bytes)
  packet.copyWithin(start, start + bytes, start + 2 * bytes)
  packet.set(source, start + bytes)
}
