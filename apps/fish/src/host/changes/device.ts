import type { DeviceChange } from '../host-change.js'
import { readSysctl } from '../sysctl-file.js'
import type { ChangeKind } from './change-kind.js'

export const device: ChangeKind<DeviceChange, null> = {
  identify: ({ name }) => name,
  readBefore: async () => null,
  async apply({ name, mtu, txQueueLength }, { route }) {
    const ipv6 = (await readSysctl(`net/ipv6/conf/${name}/disable_ipv6`)) !== undefined
    // Before it is up: from then on the kernel would send router solicitations from an address of its own.
    await route.setLink(name, { mtu, txQueueLength, ...(ipv6 && { addressGeneration: 'none' as const }) })
    await route.setLink(name, { up: true })
  },
  async undo({ name }, _before, { route, keepDevice }) {
    if (!keepDevice) await route.removeLink(name)
  },
  async holds({ name, mtu, txQueueLength }, { route }) {
    const link = await route.link(name)
    return link?.up === true && link.mtu === mtu && link.txQueueLength === txQueueLength
  },
}
