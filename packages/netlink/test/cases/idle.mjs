// Ends by itself: an open socket that waits for nothing does not hold the process.
import { openRouteSocket } from '@slatfatf/netlink'

const socket = await openRouteSocket()
console.log((await socket.links()).map(({ name }) => name).join(' '))
