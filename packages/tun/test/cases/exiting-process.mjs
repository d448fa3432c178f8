import { openTun, PacketBatch } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

// A whole process, because what is looked at is how it ends. Arguments: the offload mode, and where it ends.
const [offload, stage] = process.argv.slice(2)
const STATUS = 42
const device = await openTun({ offload, configure: { up: true, addresses: ['192.0.2.1/24'] } })
const { queue } = device
const batch = new PacketBatch()
batch.append(echoRequest)
const exit = () => process.exit(STATUS)

async function drain(items) {
  for await (const _item of items);
}

const stages = {
  'right after opening': exit,
  'while watched'() {
    queue.onReadable(() => {})
    queue.onWritable(() => {})
    exit()
  },
  'inside the callback'() {
    queue.onReadable(exit)
    queue.writeBatch(batch)
  },
  'inside the callback, after closing'() {
    queue.onReadable(() => {
      void device.close()
      exit()
    })
    queue.writeBatch(batch)
  },
  'with a pending wait'() {
    queue.readable()
    setImmediate(exit)
  },
  'with a parked iteration'() {
    void drain(queue.batches())
    if (offload !== 'raw') void drain(queue.packets())
    setImmediate(exit)
  },
  'with streams that wait'() {
    if (offload !== 'raw') void drain(queue.toDuplex())
    if (offload !== 'raw') void drain(queue.toWeb().readable)
    setImmediate(exit)
  },
  async 'while it follows the interface'() {
    await device.watch()
    exit()
  },
  async 'after closing'() {
    queue.onReadable(() => {})
    await device.close()
    exit()
  },
  async 'in the turn of closing'() {
    queue.onReadable(() => {})
    void device.close()
    exit()
  },
  'by an exception of the callback'() {
    process.exitCode = STATUS
    queue.onReadable(() => {
      throw new Error('thrown by the callback')
    })
    queue.writeBatch(batch)
  },
  'by an unhandled rejection'() {
    queue.onReadable(() => {})
    void Promise.reject(new Error('unhandled'))
  },
  async 'by itself, when the device is closed'() {
    process.exitCode = STATUS
    queue.onReadable(() => void device.close())
    queue.writeBatch(batch)
  },
}

if (stage === undefined) console.log(JSON.stringify(Object.keys(stages)))
else await stages[stage]()
