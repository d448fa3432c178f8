// Runs in an empty project that has only the tarballs installed, inside a network namespace of its own.
import { join } from 'node:path'
import { openRouteSocket } from '@slatfatf/netlink'
import { createFakeNetlink } from '@slatfatf/netlink/fake'
import { openInstance, requestStatus } from '@slatfatf/restart'
import { openFakeManager } from '@slatfatf/restart/fake-manager'
import { openServiceManager } from '@slatfatf/restart/systemd'
import { adopt, fds, isTfoSocketError, reserveTuple } from '@slatfatf/tfo-socket'
import { Agent } from '@slatfatf/tfo-socket/http'
import { openTun } from '@slatfatf/tun'
import { internetChecksum } from '@slatfatf/tun/checksum'
import { createMemoryTun } from '@slatfatf/tun/memory'
import { planMerge } from '@slatfatf/tun/offload'
import { readPcap } from '@slatfatf/tun/pcap'
import { WaitGroup } from '@slatfatf/waitgroup'

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
const group = new WaitGroup()
group.go(() => device.close())
await group.wait()

const control = join(import.meta.dirname, 'control.sock')
const instance = await openInstance({ coordination: { path: control } })
await instance.listen('http', { host: '127.0.0.1', port: 40_001 })
await instance.ready()
const { state, sockets } = await requestStatus({ path: control })
await instance.stop()
await instance.ended

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
  openFakeManager,
  openServiceManager,
].map((entry) => typeof entry)
console.log(
  JSON.stringify({
    name: device.name,
    mtu: link.mtu,
    port: reservation.port,
    second,
    left: group.size,
    restart: [state, sockets[0].address.port],
    entries,
  }),
)
