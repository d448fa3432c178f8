// Has more descriptors on their way than its user may: the kernel refuses (ETOOMANYREFS) until some have arrived.
import { openSync } from 'node:fs'
import { closeDescriptor, openChannel, openChannelPair } from '@slatfatf/restart'

const { channel, fd } = openChannelPair()
const other = openChannel(fd)
const file = openSync('/dev/null', 'r')
const counts = []
let sent = 0
const sends = Array.from({ length: 4 }, async (_, index) => {
  await channel.send({ index }, Array(400).fill(file))
  sent += 1
})
await new Promise(setImmediate)
const sentAtOnce = sent
for (let index = 0; index < 4; index += 1) {
  const received = await other.receive()
  counts.push(received.fds.length)
  for (const each of received.fds) closeDescriptor(each)
}
await Promise.all(sends)
console.log(JSON.stringify({ sentAtOnce, counts }))
