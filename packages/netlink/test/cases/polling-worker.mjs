import { parentPort } from 'node:worker_threads'
import { openNetlink, openRouteSocket } from '@slatfatf/netlink'

const connection = await openNetlink({ protocol: 0, groups: [1] })
connection.subscribe({ message() {}, lost() {} })
const socket = await openRouteSocket()
await socket.links()
parentPort.postMessage('polling')
for (;;) await socket.links()
