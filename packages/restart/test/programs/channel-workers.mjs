// Threads that are ended while they wait for a message, and while they load the addon. The process must survive.
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { openChannel, openChannelPair } from '@slatfatf/restart'

const openDescriptors = () => readdirSync('/proc/self/fd').length

async function wait() {
  const { channel, fd } = openChannelPair()
  const other = openChannel(fd)
  // One reads, the other waits for room.
  void other.receive({ only: () => false })
  void channel.sendBytes('large', Buffer.alloc(10_000_000))
  parentPort.postMessage('waiting')
  await new Promise(() => {})
}

async function endWhileWaiting() {
  const worker = new Worker(new URL(import.meta.url), { workerData: 'wait' })
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await worker.terminate()
}

async function endAfter(delayMs) {
  const worker = new Worker(new URL(import.meta.url), { workerData: 'load' })
  worker.on('error', () => {})
  await delay(delayMs)
  await worker.terminate()
}

if (!isMainThread) {
  if (workerData === 'wait') await wait()
  openChannelPair().channel.close()
} else {
  await endWhileWaiting()
  const before = openDescriptors()
  await Promise.all(Array.from({ length: 8 }, endWhileWaiting))
  const after = openDescriptors()
  for (let delayMs = 0; delayMs < 60; delayMs += 6)
    await Promise.all([endAfter(delayMs), endAfter(delayMs + 3)])
  console.log(JSON.stringify({ leaked: after - before }))
}
