import { createLab, type Lab, type LabOptions } from '@slatfatf/netns'
import { type OpenTunOptions, openTun, type TunDevice } from '../src/index.js'

/** The address of the device, and one behind it that only its reader can answer for. */
export const HOST = '192.0.2.1'
export const PEER = '192.0.2.2'

/** A lab with one namespace `a`, silent but for what a test sends: new interfaces have no IPv6. */
export async function createTunLab(options: Partial<LabOptions> = {}): Promise<Lab> {
  const lab = await createLab({ namespaces: ['a'], ...options })
  await lab.sysctl('a', 'net.ipv6.conf.default.disable_ipv6', '1')
  return lab
}

/** Opens a device in `a`, gives it {@link HOST}/24 and brings it up. */
export async function openUp(lab: Lab, options: OpenTunOptions = {}): Promise<TunDevice> {
  const device = await openTun({ netns: lab.path('a'), ...options })
  await lab.ip('a', 'address', 'replace', `${HOST}/24`, 'dev', device.name)
  await lab.ip('a', 'link', 'set', 'dev', device.name, 'up')
  return device
}

/** How many queues the kernel counts for a device in `a`: those it uses, and those that are detached. */
export async function queueCounts(lab: Lab, name: string): Promise<{ attached: number; detached: number }> {
  const [link] = JSON.parse(await lab.ip('a', '-details', '-json', 'link', 'show', 'dev', name))
  const { numqueues, numdisabled } = link.linkinfo.info_data
  return { attached: numqueues, detached: numdisabled }
}
