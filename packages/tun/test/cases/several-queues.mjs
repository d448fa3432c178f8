import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { openTun, TUN_COUNTER } from '@slatfatf/tun'

export { openFlows, sendNumbered, sendOnce, settle } from './datagram-flows.mjs'
export { transfer } from './tcp-transfer.mjs'

let device
let workers = []
let queues = []

/** Opens a device with a worker for each of its queues; the main thread keeps none. Resolves with the device's name. */
export async function openWithWorkers(count, options) {
  device = await openTun({
    multiQueue: true,
    configure: { up: true, addresses: ['192.0.2.1/24'] },
    ...options,
  })
  while (device.queues.length < count) await device.openQueue()
  queues = [...device.queues]
  workers = await Promise.all(queues.map((queue) => startWorker(queue.transfer())))
  return device.name
}

/** For each worker that is alive, the flows it has seen and how many packets of each. */
export function seenFlows() {
  return Promise.all(
    workers.map(async (worker) => {
      worker.postMessage('report')
      const [flows] = await once(worker, 'message')
      return flows
    }),
  )
}

/** What the main thread reads in the counters of the queues it gave away. */
export function packetsIn() {
  return queues.map(({ counters }) => counters[TUN_COUNTER.packetsIn])
}

/** Ends the worker of the first queue, without a word to it. */
export async function terminateFirst() {
  await workers.shift().terminate()
}

/** Descriptors of TUN devices that this process holds. */
export function countDescriptors() {
  return readdirSync('/proc/self/fd').filter((fd) => readlink(`/proc/self/fd/${fd}`) === '/dev/net/tun')
    .length
}

/** Ends all workers. Their queues were the only ones, so that the device goes too. */
export async function closeAll() {
  await Promise.all(workers.map((worker) => worker.terminate()))
}

/** Sends one token to two workers and resolves with what they answer. */
export async function shareToken() {
  const { queue } = await openTun()
  const token = queue.transfer()
  const answers = await Promise.all(
    [1, 2].map(async () => {
      const worker = new Worker(new URL('./queue-worker.mjs', import.meta.url), { workerData: token })
      workers.push(worker)
      const [answer] = await once(worker, 'message')
      return answer
    }),
  )
  return answers
}

async function startWorker(workerData) {
  const worker = new Worker(new URL('./queue-worker.mjs', import.meta.url), { workerData })
  const [answer] = await once(worker, 'message')
  if (answer !== 'ready') throw Object.assign(new Error('the worker got no queue'), answer)
  return worker
}

function readlink(path) {
  try {
    return readlinkSync(path)
  } catch {
    // The descriptor of the listing itself is closed by now.
    return undefined
  }
}
