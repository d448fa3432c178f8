import { parentPort, workerData } from 'node:worker_threads'
import { PacketBatch, receiveQueue } from '@slatfatf/tun'

/** Packets seen, by flow: `17 7001 40000` for UDP between these two ports, the lower one first. */
const flows = new Map()

try {
  turnAround(receiveQueue(workerData))
  parentPort.on('message', () => parentPort.postMessage(Object.fromEntries(flows)))
  parentPort.postMessage('ready')
} catch ({ code }) {
  parentPort.postMessage({ code })
}

/** Swaps source and destination of every packet and writes it back on its queue, virtio words and all. */
function turnAround(queue) {
  const batch = new PacketBatch()
  queue.onReadable(() => {
    queue.readBatch(batch)
    for (let i = 0; i < batch.count; i += 1) {
      const packet = batch.packet(i)
      note(packet)
      const source = packet.slice(12, 16)
      packet.copyWithin(12, 16, 20)
      packet.set(source, 16)
    }
    if (queue.writeBatch(batch) < batch.count) throw new Error('the device takes no more')
  })
}

function note(packet) {
  const ports = [(packet[20] << 8) + packet[21], (packet[22] << 8) + packet[23]].sort((a, b) => a - b)
  const flow = [packet[9], ...ports].join(' ')
  flows.set(flow, (flows.get(flow) ?? 0) + 1)
}
