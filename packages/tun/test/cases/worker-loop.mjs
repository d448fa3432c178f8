import { parentPort, workerData } from 'node:worker_threads'
import { openTun, PacketBatch } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

const { mode, offload, turns } = workerData
const device = await openTun({ offload, configure: { up: true, addresses: ['192.0.2.1/24'] } })
const { queue } = device
const batch = new PacketBatch()
batch.append(echoRequest)
const count = () => Atomics.add(turns, 0, 1)

const modes = {
  idle() {},
  watching: () => queue.onReadable(() => {}),
  waiting: () => void queue.readable(),
  calling() {
    // The reply to this packet is never read, so the callback runs in every turn of the loop.
    queue.writeBatch(batch)
    queue.onReadable(count)
  },
  computing() {
    queue.writeBatch(batch)
    queue.onReadable(() => {
      for (;;) count()
    })
  },
  reading: () => setImmediate(readForEver),
  writing: () => setImmediate(writeForEver),
  'waiting for room': () => queue.onWritable(count),
  'going round'() {
    queue.onReadable(() => {
      queue.readBatch(batch)
      queue.writeBatch(batch)
      count()
    })
    queue.onWritable(() => queue.writeBatch(request))
  },
  async iterating() {
    void echoForEver()
    for await (const lent of queue.batches()) {
      queue.writeBatch(lent)
      count()
    }
  },
  'iterating in vain': () => void queue.batches().next(),
}

const request = new PacketBatch()
request.append(echoRequest)

function readForEver() {
  for (;;) {
    queue.writeBatch(request)
    queue.readBatch(batch)
    count()
  }
}

function writeForEver() {
  for (;;) {
    queue.writeBatch(request)
    count()
  }
}

async function echoForEver() {
  for (;;) {
    queue.writeBatch(request)
    await new Promise(setImmediate)
  }
}

// Whoever ends the worker may do so from here on.
parentPort.postMessage(device.name)
modes[mode]()
