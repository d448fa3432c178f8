// Connects to a companion by the addon alone, and says what it gets to read.
import { createRequire } from 'node:module'
import { hear, say } from './say.mjs'

const addon = createRequire(import.meta.url)('../../binding.cjs')
const connection = addon.connectQueue(process.argv[2])
const descriptors = new Int32Array(254)
addon.sendMessage(connection, Buffer.from('{"type":"copy"}'), new Int32Array(0))
const poll = new addon.DescriptorPoll(connection)
poll.start(1, () => {
  const length = addon.receiveMessage(connection, new Uint8Array(65_536), descriptors)
  poll.stop()
  // Negative: a reset, because what was sent was never read.
  say({ received: Math.max(0, length), descriptors: descriptors[0] })
})
await hear()
poll.close()
