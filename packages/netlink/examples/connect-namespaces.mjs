// A cable from here into another network namespace, with addresses, a neighbour and a thousand routes over it:
// node connect-namespaces.mjs /run/netns/blue
import { isNetlinkError, openRouteSocket, watchRoutes } from '@slatfatf/netlink'

const netns = process.argv[2]
const here = await openRouteSocket()
const there = await openRouteSocket({ netns })
let left
const none = new Promise((resolve) => {
  left = resolve
})
const watch = await watchRoutes({ removed: () => watch.routes.length === 0 && left() }, { table: 100 })

await here.addLink({ kind: 'veth', name: 'cable', up: true, peer: { name: 'uplink', netns } })
await there.setLink('uplink', { up: true })
await here.ensureAddress({ interface: 'cable', address: '192.0.2.1/30' })
await there.ensureAddress({ interface: 'uplink', address: '192.0.2.2/30' })
await there.ensureRoute({ destination: 'default', gateway: '192.0.2.1', advmss: 1360 })

const { address: lladdr } = await there.link('uplink')
await here.ensureNeighbour({ interface: 'cable', address: '192.0.2.2', lladdr })

const networks = Array.from({ length: 1000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
const routes = networks.map((destination) => ({ destination, gateway: '192.0.2.2', table: 100 }))
const outcomes = await here.ensureRoutes(routes)
console.log(outcomes.filter((outcome) => outcome === true).length, 'routes are new')
console.log(outcomes.filter(isNetlinkError).length, 'were refused')

const [neighbour] = await here.neighbours({ interface: 'cable', state: 'permanent' })
console.log('the far end', neighbour.lladdr === lladdr ? 'is known' : 'is not known')

await here.removeLink('cable')
await none
console.log('without the cable there is no route')
await watch.close()
await there.close()
await here.close()
