import type { Link, RouteSocket, SetLinkOptions } from '@slatfatf/netlink'
import { type DeviceConfiguration, endsOf } from './device-configuration.js'

/** Applies the settings, up last; when one fails, takes back those before it, latest first. */
export async function configureLink(
  route: RouteSocket,
  link: Link,
  configuration: DeviceConfiguration,
): Promise<void> {
  const undo: (() => Promise<unknown>)[] = []
  try {
    await apply(route, link, configuration, undo)
  } catch (error) {
    // What cannot be taken back has the same reason as what failed, and that one is reported.
    for (const step of undo.reverse()) await step().catch(() => {})
    throw error
  }
}

async function apply(
  route: RouteSocket,
  before: Link,
  configuration: DeviceConfiguration,
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  const { mtu, txQueueLength, up, addresses = [], addressGeneration } = configuration
  const { index } = before

  const settings: SetLinkOptions = {}
  if (mtu !== undefined) settings.mtu = mtu
  if (txQueueLength !== undefined) settings.txQueueLength = txQueueLength
  if (addressGeneration !== undefined) settings.addressGeneration = addressGeneration
  if (Object.keys(settings).length > 0) {
    // First of all, because the kernel may refuse the second setting of a request and keep the first.
    undo.push(() => route.setLink(index, { mtu: before.mtu, txQueueLength: before.txQueueLength }))
    await route.setLink(index, settings)
  }
  for (const address of addresses) {
    const one = { interface: index, ...endsOf(address) }
    if (await route.ensureAddress(one)) undo.push(() => route.removeAddress(one))
  }
  if (up !== undefined) await route.setLink(index, { up })
}
