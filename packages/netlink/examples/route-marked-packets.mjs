import { openRouteSocket } from '@slatfatf/netlink'

const host = await openRouteSocket()
await host.setLink('lo', { up: true })
await host.ensureAddress({ interface: 'lo', address: '198.51.100.10/32' })
await host.ensureRoute({ destination: 'default', table: 100, interface: 'lo' })
const created = await host.ensureRule({ priority: 10, mark: 42, table: 100 })
console.log(created ? 'marked packets now go to lo' : 'nothing to do')
await host.close()
