import { setImmediate } from 'node:timers/promises'
import { DESCRIPTOR, DESCRIPTOR_WORDS, openTun, PacketBatch, TUN_COUNTER } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

const BATCH = 128

/**
 * Writes echo requests, reads the replies and turns them into requests again, each in place, until `packets`
 * have been read. Resolves with what the heap grew by meanwhile, garbage included.
 */
export async function circulate(packets) {
  const device = await openTun({ configure: { up: true, addresses: ['192.0.2.1/24'] } })
  const { queue } = device
  const batch = new PacketBatch()
  for (let i = 0; i < BATCH; i += 1) batch.append(echoRequest)

  // What is compiled for the loop, and made once, is made by then.
  await run(queue, batch, 200_000)
  await setImmediate()
  const { gc } = globalThis
  gc()
  const before = process.memoryUsage().heapUsed
  const read = await run(queue, batch, packets)
  const heapBytes = process.memoryUsage().heapUsed - before
  await device.close()
  return { packets: read, heapBytes }
}

function run(queue, batch, packets) {
  const { counters } = queue
  const start = counters[TUN_COUNTER.packetsIn]
  return new Promise((resolve) => {
    const stop = queue.onReadable(() => {
      queue.readBatch(batch)
      for (let i = 0; i < batch.count; i += 1) {
        request(batch.view, batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.offset])
      }
      queue.writeBatch(batch)
      const read = counters[TUN_COUNTER.packetsIn] - start
      if (read >= packets) {
        stop()
        resolve(read)
      }
    })
    if (start === 0) queue.writeBatch(batch)
  })
}

/** Makes a reply from 192.0.2.1 to 192.0.2.2 the request it answered. */
function request(view, ip) {
  view.setUint32(ip + 12, 0xc0000202)
  view.setUint32(ip + 16, 0xc0000201)
  view.setUint8(ip + 20, 8)
  const sum = view.getUint16(ip + 22) + 0xf7ff
  view.setUint16(ip + 22, (sum & 0xffff) + (sum >> 16))
}
