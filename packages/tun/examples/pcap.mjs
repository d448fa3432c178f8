// Records what a TUN device sees, and sends it again at the pace it had. As root, and for the first with a ping 192.0.2.2 beside it:
//   node pcap.mjs record FILE
//   node pcap.mjs replay FILE
import { once } from 'node:events'
import { openTun, PacketBatch } from '@slatfatf/tun'
import { createPcapWriter, replayPcap } from '@slatfatf/tun/pcap'

const [, , command, file] = process.argv
const run = { record, replay }[command]
if (!run || !file) {
  console.error('usage: node pcap.mjs record|replay FILE')
  process.exit(2)
}
const device = await openTun({ configure: { addresses: ['192.0.2.1/24'], up: true } })
await run(device)
await device.close()

async function record({ name, queue }) {
  const writer = await createPcapWriter(file)
  const batch = new PacketBatch()
  const stop = queue.onReadable(() => {
    queue.readBatch(batch)
    writer.writeBatch(batch)
  })
  console.log(`recording ${name}, end with Ctrl-C`)
  await once(process, 'SIGINT')
  stop()
  await writer.close()
  console.log(`recorded ${writer.recorded} packets, dropped ${writer.dropped}`)
}

async function replay({ queue }) {
  const { packets, bytes, refused } = await replayPcap(file, queue, { speed: 1 })
  console.log(`replayed ${packets} packets of ${bytes} bytes, refused ${refused}`)
}
