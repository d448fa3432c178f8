// The forwarder under test: what one TUN device hands over, the other one gets, unchanged.
//
//   node forwarder.mjs OFFLOAD LEFT LEFT_NETWORK RIGHT RIGHT_NETWORK
//
// Prints "ready" once both devices exist, and what it counted when SIGTERM ends it.
import { DESCRIPTOR, DESCRIPTOR_WORDS, forwardBatches, openTun, readCounters } from '@slatfatf/tun'
import { isFor, readForwarderArguments } from './forwarder-arguments.mjs'

const [mode, ...words] = process.argv.slice(2)
const offload = /** @type {import('@slatfatf/tun').OffloadMode} */ (mode)
const { left, right } = readForwarderArguments(words)
const leftTun = await openTun({ name: left.device, offload })
const rightTun = await openTun({ name: right.device, offload })

const stop = new AbortController()
const { signal } = stop
const forwarding = Promise.all([
  forwardBatches(leftTun.queue, rightTun.queue, (batch) => drop(batch, right.network), { signal }),
  forwardBatches(rightTun.queue, leftTun.queue, (batch) => drop(batch, left.network), { signal }),
])
process.once('SIGTERM', () => stop.abort())
console.log('ready')

await forwarding
const counted = [leftTun, rightTun].map(({ name, queue, offload }) => [
  name,
  { offload, ...readCounters(queue.counters) },
])
console.log(JSON.stringify(Object.fromEntries(counted)))
await Promise.all([leftTun.close(), rightTun.close()])

/**
 * Takes out what is not for a network.
 *
 * @param {import('@slatfatf/tun').PacketBatch} batch
 * @param {number} network
 */
function drop({ slab, descriptors, count }, network) {
  for (let index = 0, words = 0; index < count; index += 1, words += DESCRIPTOR_WORDS) {
    const offset = /** @type {number} */ (descriptors[words + DESCRIPTOR.offset])
    const length = /** @type {number} */ (descriptors[words + DESCRIPTOR.length])
    if (!isFor(slab, offset, length, network)) descriptors[words + DESCRIPTOR.length] = 0
  }
}
