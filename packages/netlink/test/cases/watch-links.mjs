import { open } from 'node:fs/promises'
import {
  NLM_F_CREATE,
  NLM_F_ECHO,
  NLM_F_EXCL,
  openNetlink,
  openRouteSocket,
  PayloadWriter,
  watchLinks,
} from '@slatfatf/netlink'

const RTM_NEWLINK = 16
const IFLA_IFNAME = 3
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_NET_NS_FD = 28

/**
 * Both sockets are the first of this process in their namespace, so both have its process id for a port number. With
 * NLM_F_ECHO the event carries that of the requester.
 */
export async function makeLinkFromAnotherNamespace(netns) {
  const added = []
  let resolve
  const last = new Promise((r) => {
    resolve = r
  })
  const watch = await watchLinks({ added: ({ name }) => added.push(name), changed: resolve }, { netns })
  const here = await openNetlink({ protocol: 0 })
  const namespace = await open(netns)
  for (const name of ['a', 'b']) {
    const payload = new PayloadWriter(new Uint8Array(16))
      .text(IFLA_IFNAME, name)
      .uint32(IFLA_NET_NS_FD, namespace.fd)
      .nested(IFLA_LINKINFO, (info) => info.text(IFLA_INFO_KIND, 'bridge'))
      .finish()
    await here.request({ type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, payload })
  }
  const socket = await openRouteSocket({ netns })
  await socket.setLink('b', { mtu: 1400 })
  await last
  await socket.close()
  await namespace.close()
  await here.close()
  await watch.close()
  return added
}

export async function throwFromListener() {
  const heard = []
  let resolve
  const done = new Promise((r) => {
    resolve = r
  })
  process.once('uncaughtException', ({ message }) => heard.push(message))
  const watch = await watchLinks({
    changed({ mtu }) {
      if (mtu === 1401) throw new Error('from the listener')
      if (mtu === 1402) {
        heard.push('still told')
        resolve()
      }
    },
  })
  const socket = await openRouteSocket()
  await socket.setLink('lo', { mtu: 1401 })
  await socket.setLink('lo', { mtu: 1402 })
  await done
  await watch.close()
  await socket.close()
  return heard
}

export async function watchWithoutCapability() {
  process.setuid(65534)
  const watch = await watchLinks({})
  const names = [...watch.links.values()].map(({ name }) => name)
  await watch.close()
  return names
}
