// Runs in an empty project that has only the tarballs installed, inside a network namespace of its own.
import { openRouteSocket } from '@slatfatf/netlink'
import { createFakeNetlink } from '@slatfatf/netlink/fake'
import { adopt, fds, isTfoSocketError, reserveTuple } from '@slatfatf/tfo-socket'
import { Agent } from '@slatfatf/tfo-socket/http'
import { openTun } from '@slatfatf/tun'
import { internetChecksum } from '@slatfatf/tun/checksum'
import { createMemoryTun } from '@slatfatf/tun/memory'
import { planMerge } from '@slatfatf/tun/offload'
import { readPcap } from '@slatfatf/tun/pcap'

const device = await openTun({ name: 'packed0', configure: { up: true, mtu: 1400 } })
const route = await openRouteSocket()
const link = await route.link('packed0')
await route.setLink('lo', { up: true })

const options = { address: '127.0.0.1', ports: 40_000, remoteAddress: '127.0.0.1', remotePort: 9 }
const reservation = reserveTuple(options)
let second
try {
  reserveTuple(options)
} catch (error) {
  second = isTfoSocketError(error) ? error.code : String(error)
}
reservation.release()
await route.close()
await device.close()
const [memory] = createMemoryTun()
const entries = [
  internetChecksum,
  memory.queue.readBatch,
  planMerge,
  readPcap,
  createFakeNetlink,
  Agent,
  adopt,
  fds,
].map((entry) => typeof entry)
console.log(JSON.stringify({ name: device.name, mtu: link.mtu, port: reservation.port, second, entries }))
