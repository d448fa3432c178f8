import { openTun, PacketBatch } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

// A whole process, because what is looked at is when and how it ends.
const device = await openTun({ configure: { up: true, addresses: ['192.0.2.1/24'] } })
const { queue } = device
const batch = new PacketBatch()
batch.append(echoRequest)

switch (process.argv[2]) {
  case 'referenced':
    // Nothing else keeps the loop turning until the reply is there.
    queue.onReadable(() => {
      console.log('readable')
      device.close()
    })
    queue.writeBatch(batch)
    break
  case 'unreferenced':
    queue.unref()
    queue.onReadable(() => {})
    break
  case 'unreferenced later':
    queue.onReadable(() => {})
    queue.ref()
    queue.unref()
    break
  case 'throwing':
    process.once('uncaughtException', async (error) => {
      await device.close()
      console.log(error.message)
    })
    queue.onReadable(() => {
      throw new Error('thrown by the callback')
    })
    queue.writeBatch(batch)
    break
  case 'forgotten':
    queue.onReadable(() => {})
    process.exit(0)
}
