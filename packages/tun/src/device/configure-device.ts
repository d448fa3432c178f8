import { isNetlinkError, openRouteSocket, type RouteSocket, type SetLinkOptions } from '@slatfatf/netlink'
import { TunError } from '../errors/tun-error.js'
import { type DeviceConfiguration, endsOf } from './device-configuration.js'

/** Which interface: found by its index, which survives a new name. */
export interface Interface {
  readonly name: string
  readonly index: number
  readonly netns: string | undefined
}

/** Applies the settings, up last; when one fails, takes back those before it, latest first. */
export async function configureDevice(device: Interface, configuration: DeviceConfiguration): Promise<void> {
  try {
    const { netns } = device
    await using route = await openRouteSocket(netns === undefined ? {} : { netns })
    const undo: (() => Promise<unknown>)[] = []
    try {
      await apply(route, device.index, configuration, undo)
    } catch (error) {
      // What cannot be taken back has the same reason as what failed, and that one is reported.
      for (const step of undo.reverse()) await step().catch(() => {})
      throw error
    }
  } catch (error) {
    throw netlinkFailure(error, device.name)
  }
}

async function apply(
  route: RouteSocket,
  index: number,
  configuration: DeviceConfiguration,
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  const { mtu, txQueueLength, up, addresses = [], addressGeneration } = configuration
  const before = await route.link(index)

  const settings: SetLinkOptions = {}
  if (mtu !== undefined) settings.mtu = mtu
  if (txQueueLength !== undefined) settings.txQueueLength = txQueueLength
  if (addressGeneration !== undefined) settings.addressGeneration = addressGeneration
  if (Object.keys(settings).length > 0) {
    // First of all, because the kernel may refuse the second setting of a request and keep the first.
    if (before)
      undo.push(() => route.setLink(index, { mtu: before.mtu, txQueueLength: before.txQueueLength }))
    await route.setLink(index, settings)
  }
  for (const address of addresses) {
    const one = { interface: index, ...endsOf(address) }
    if (await route.ensureAddress(one)) undo.push(() => route.removeAddress(one))
  }
  if (up !== undefined) await route.setLink(index, { up })
}

/** What a Netlink request on a device failed with, as the error of this package. */
export function netlinkFailure(error: unknown, device: string): unknown {
  if (!isNetlinkError(error)) return error
  const { code, errno, operation, syscall, hint } = error
  const fields = { code, errno, syscall: syscall ?? operation, device, hint, cause: error }
  return new TunError(`configuring ${device}: ${error.message}`, fields)
}
