// A path between two TUN devices that takes every packet 10 ms: the kernels this was written on have no netem.
//
//   node delay-path.mjs LEFT RIGHT DELAY_MS
//
// Prints "ready" once both devices exist.
import { openTun, PacketBatch } from '@slatfatf/tun'

const [leftName = '', rightName = '', delay = ''] = process.argv.slice(2)
const delayMs = Number(delay)
const left = await openTun({ name: leftName })
const right = await openTun({ name: rightName })

forwardLater(left.queue, right.queue)
forwardLater(right.queue, left.queue)
process.once('SIGTERM', () => process.exit())
console.log('ready')

/**
 * Hands every packet over when its time has come, in order.
 *
 * @param {import('@slatfatf/tun').TunQueue} from
 * @param {import('@slatfatf/tun').TunQueue} to
 */
function forwardLater(from, to) {
  /** @type {{ dueMs: number, packet: Uint8Array }[]} */
  const waiting = []
  const batch = new PacketBatch()
  from.onReadable(() => {
    const dueMs = performance.now() + delayMs
    const idle = waiting.length === 0
    const count = from.readBatch(batch)
    for (let index = 0; index < count; index += 1)
      waiting.push({ dueMs, packet: batch.packet(index).slice() })
    if (idle && count > 0) setTimeout(handOver, delayMs)
  })

  function handOver() {
    for (;;) {
      const head = waiting[0]
      if (head === undefined) return
      const earlyMs = head.dueMs - performance.now()
      // A timer of Node may be a part of a millisecond early.
      if (earlyMs > 0) {
        setTimeout(handOver, Math.ceil(earlyMs))
        return
      }
      waiting.shift()
      to.tryWrite(head.packet)
    }
  }
}
