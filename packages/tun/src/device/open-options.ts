import {
  invalidType,
  invalidValue,
  requireBoolean,
  requireInteger,
  requireKnown,
} from '../errors/invalid-argument.js'
import { type DeviceConfiguration, validateConfiguration } from './device-configuration.js'
import { validateDeviceName } from './device-name.js'
import { type OffloadMode, type OffloadSettings, validateOffload } from './offload-request.js'

/** Options of {@link openTun}. */
export interface OpenTunOptions {
  /** Name of the device; `%d` in it is replaced by the lowest free number. Default: the kernel's, `tun%d`. */
  name?: string | undefined
  /**
   * Refuse a device that exists already, with EBUSY (IFF_TUN_EXCL). False attaches to it: one that was made for this user,
   * or left by an earlier process. Default true.
   */
  exclusive?: boolean | undefined
  /**
   * `off`: packets of at most the MTU, checksums complete. `split`: the same for the caller, super-packets for the kernel. `raw`:
   * super-packets up to 64 KiB of TCP, and of UDP from Linux 6.2, with their virtio words. `auto`: raw if the
   * kernel takes it, else off. An object switches TCP and UDP separately. Default `off`.
   */
  offload?: OffloadMode | OffloadSettings | undefined
  /** Let `openQueue()` add queues (IFF_MULTI_QUEUE). A device has it or has it not for its whole life. Default false. */
  multiQueue?: boolean | undefined
  /** Whether the device stays when its last queue is closed. Default: left as it is. */
  persist?: boolean | undefined
  /** Numeric id of the user who may attach without privileges, and of such a group. Default: left as they are. */
  owner?: number | undefined
  group?: number | undefined
  /**
   * Bytes that may be written and not yet consumed before writing says "not now" (TUNSETSNDBUF), for all queues of the device. Default:
   * left as it is, and for a new device so large that writing never waits.
   */
  sendBufferBytes?: number | undefined
  /** Path of the network namespace the device is made or attached in. Default: the process's own. */
  netns?: string | undefined
  /** Settings of the interface, undone if one of them fails. Default false: no privileged request is made. */
  configure?: false | DeviceConfiguration | undefined
}

/** Largest id; the one above it stands for no id at all. */
const MAX_ID = 0xffff_fffe

const OPTIONS = [
  'name',
  'exclusive',
  'offload',
  'multiQueue',
  'persist',
  'owner',
  'group',
  'sendBufferBytes',
  'netns',
  'configure',
]

/** Throws for whatever is wrong in the options, before any system call. */
export function validateOpenOptions(options: OpenTunOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  requireKnown('options', options, OPTIONS)
  const { name, offload, netns, configure, owner, group, sendBufferBytes } = options
  if (name !== undefined) validateDeviceName(name)
  if (offload !== undefined) validateOffload(offload)
  for (const flag of ['exclusive', 'multiQueue', 'persist'] as const) {
    if (options[flag] !== undefined) requireBoolean(flag, options[flag])
  }
  if (owner !== undefined) requireInteger('owner', owner, 0, MAX_ID)
  if (group !== undefined) requireInteger('group', group, 0, MAX_ID)
  if (sendBufferBytes !== undefined) requireInteger('sendBufferBytes', sendBufferBytes, 1, 0x7fff_ffff)
  if (netns !== undefined) validateNamespacePath(netns)
  if (configure !== undefined && configure !== false) validateConfiguration(configure)
}

export function validateNamespacePath(netns: unknown): asserts netns is string {
  if (typeof netns !== 'string') throw invalidType('netns', 'a string', netns)
  if (netns === '' || netns.includes('\0')) throw invalidValue('netns', 'a path', netns)
}
