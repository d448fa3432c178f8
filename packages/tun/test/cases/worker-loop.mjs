import { parentPort, workerData } from 'node:worker_threads'
import { openTun, PacketBatch } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

const { mode, turns } = workerData
const device = await openTun({ configure: { up: true, addresses: ['192.0.2.1/24'] } })

if (mode === 'watching') device.queue.onReadable(() => {})
if (mode === 'waiting') device.queue.readable()
if (mode === 'calling' || mode === 'computing') {
  // The reply to this packet is never read, so the callback runs in every turn of the loop.
  const batch = new PacketBatch()
  batch.append(echoRequest)
  device.queue.writeBatch(batch)
  device.queue.onReadable(() => {
    do Atomics.add(turns, 0, 1)
    while (mode === 'computing')
  })
}
parentPort.postMessage(device.name)
