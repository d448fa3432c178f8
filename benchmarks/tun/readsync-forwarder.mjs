// What Node can do by itself once somebody has opened the devices: fs.readSync and fs.writeSync, a packet each.
//
//   node readsync-forwarder.mjs LEFT LEFT_NETWORK RIGHT RIGHT_NETWORK
//
// Reads in a loop, up to as many packets as a batch has, because a turn of the event loop for each packet costs more. The
// loop ends with an exception when the device is empty, and exceptions are dear: their stack is not recorded.
//
// Prints "ready" once both devices exist.
import { readSync, writeSync } from 'node:fs'
import { openTun } from '@slatfatf/tun'
import { isFor, readForwarderArguments } from './forwarder-arguments.mjs'

const PACKETS_PER_TURN = 256
const MAX_PACKET_BYTES = 65535

Error.stackTraceLimit = 0

const { left, right } = readForwarderArguments(process.argv.slice(2))
const leftTun = await openTun({ name: left.device })
const rightTun = await openTun({ name: right.device })

forward(leftTun.queue, rightTun.queue, right.network)
forward(rightTun.queue, leftTun.queue, left.network)
process.once('SIGTERM', () => Promise.all([leftTun.close(), rightTun.close()]))
console.log('ready')

/**
 * @param {import('@slatfatf/tun').TunQueue} from
 * @param {import('@slatfatf/tun').TunQueue} to
 * @param {number} network
 */
function forward(from, to, network) {
  const packet = new Uint8Array(MAX_PACKET_BYTES)
  // Asked once, because asking is a call into the addon.
  const [source, target] = [from.fd, to.fd]
  from.onReadable(() => {
    try {
      for (let count = 0; count < PACKETS_PER_TURN; count += 1) {
        const length = readSync(source, packet, 0, MAX_PACKET_BYTES, null)
        if (isFor(packet, 0, length, network)) writeSync(target, packet, 0, length, null)
      }
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error
    }
  })
}
