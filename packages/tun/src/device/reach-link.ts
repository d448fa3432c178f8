import { type Link, openRouteSocket, type RouteSocket } from '@slatfatf/netlink'
import type { NativeQueue } from '../binding.js'
import { systemError } from '../errors/system-error.js'
import { type DeviceAction, deviceFailure } from './device-failure.js'
import { inNamespaceOf } from './device-namespace.js'

const ENODEV = -19

/**
 * Finds the interface of a descriptor, where it is and under the name it has now, and calls `use` with it.
 *
 * @throws TunError `ENODEV` if the device was deleted, or what the kernel says, with the action in its message
 */
export async function reachLink<T>(
  native: NativeQueue,
  netns: string | undefined,
  action: DeviceAction,
  use: (route: RouteSocket, link: Link) => Promise<T>,
): Promise<T> {
  const name = native.currentName()
  if (typeof name === 'number') throw systemError(ENODEV, 'ioctl(TUNGETIFF)', native.name)
  try {
    return await inNamespaceOf({ netns, native }, async (path) => {
      await using route = await openRouteSocket(path === undefined ? {} : { netns: path })
      const link = await route.link(name, { statistics: action === 'inspecting' })
      if (link === undefined) throw systemError(ENODEV, 'RTM_GETLINK', name)
      // Awaited here, or the socket would be closed before.
      return await use(route, link)
    })
  } catch (error) {
    throw deviceFailure(error, action, name)
  }
}
