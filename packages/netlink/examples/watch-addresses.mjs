// Tells each address that comes, until the second one: multicast groups and attributes without RouteSocket.
import { NETLINK_ROUTE, openNetlink, openRouteSocket, readAttributes } from '@slatfatf/netlink'

const RTNLGRP_IPV4_IFADDR = 5
const RTM_NEWADDR = 20
const IFADDRMSG_BYTES = 8
const IFA_LOCAL = 2

const host = await openRouteSocket()
const events = await openNetlink({ protocol: NETLINK_ROUTE, groups: [RTNLGRP_IPV4_IFADDR] })
let left = 2

events.subscribe({
  message({ type, payload }) {
    if (type !== RTM_NEWADDR) return
    for (const a = readAttributes(payload, IFADDRMSG_BYTES); a.next(); ) {
      if (a.type === IFA_LOCAL) console.log('new address', a.ipAddress())
    }
    if (--left === 0) events.close()
  },
  lost(error) {
    console.log('events are missing, read the addresses again:', error.code)
  },
})

await host.ensureAddress({ interface: 'lo', address: '192.0.2.1/32' })
await host.ensureAddress({ interface: 'lo', address: '192.0.2.2/32' })
await host.close()
