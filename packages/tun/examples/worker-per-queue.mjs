// Answers ping with a thread for each queue of the device. Try it, as root, then ping 192.0.2.2, 192.0.2.3, … and press Ctrl-C:
//   node worker-per-queue.mjs 4
import { availableParallelism } from 'node:os'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  forwardBatches,
  openTun,
  receiveQueue,
  TUN_COUNTER,
} from '@slatfatf/tun'
import { updateChecksum16 } from '@slatfatf/tun/checksum'

if (isMainThread) await start(Number(process.argv[2] ?? availableParallelism()))
else await answerAll(receiveQueue(workerData))

async function start(threads) {
  const device = await openTun({ multiQueue: true, configure: { addresses: ['192.0.2.1/24'], up: true } })
  while (device.queues.length < threads) await device.openQueue()
  const queues = [...device.queues]
  const workers = queues.map(
    (queue) => new Worker(new URL(import.meta.url), { workerData: queue.transfer() }),
  )
  console.log(`answering on ${device.name} with ${threads} threads`)

  process.once('SIGINT', async () => {
    // The queue of a worker is closed when it ends, and the device goes with the last queue.
    await Promise.all(workers.map((worker) => worker.terminate()))
    // The counters are in shared memory, so they are still here.
    for (const [index, { counters }] of queues.entries()) {
      console.log(`queue ${index} answered ${counters[TUN_COUNTER.packetsOut]}`)
    }
  })
}

/** Writes every reply on the queue the request came from: so the kernel keeps a flow on one queue, and in order. */
function answerAll(queue) {
  return forwardBatches(queue, queue, (batch) => {
    for (let i = 0; i < batch.count; i += 1) answer(batch, i * DESCRIPTOR_WORDS)
  })
}

/** Turns an echo request into its reply where it lies, and drops every other packet. */
function answer({ view, descriptors }, words) {
  const ip = descriptors[words + DESCRIPTOR.offset]
  const isEchoRequest =
    view.getUint16(ip) === 0x4500 && view.getUint8(ip + 9) === 1 && view.getUint8(ip + 20) === 8
  if (!isEchoRequest) {
    descriptors[words + DESCRIPTOR.length] = 0
    return
  }
  const source = view.getUint32(ip + 12)
  view.setUint32(ip + 12, view.getUint32(ip + 16))
  view.setUint32(ip + 16, source)
  view.setUint8(ip + 20, 0)
  view.setUint16(ip + 22, updateChecksum16(view.getUint16(ip + 22), 0x0800, 0))
}
