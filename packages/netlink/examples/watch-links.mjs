// Tells what becomes of the interfaces here until lo has another MTU. Watching needs no privilege; the changes do.
import { openRouteSocket, watchLinks } from '@slatfatf/netlink'

const watch = await watchLinks({
  added: ({ name, kind }) => console.log(name, 'is new', kind),
  changed(link, before) {
    if (link.up !== before.up) console.log(link.name, link.up ? 'is up' : 'is down')
    if (link.mtu !== before.mtu) console.log(link.name, 'has an MTU of', link.mtu)
    if (link.mtu === 1400) watch.close()
  },
  removed: ({ name }) => console.log(name, 'is gone'),
})
console.log('watching', [...watch.links.values()].map(({ name }) => name).join(' '))

const host = await openRouteSocket()
await host.setLink('lo', { up: false })
await host.setLink('lo', { up: true })
await host.setLink('lo', { mtu: 1400 })
await host.close()
