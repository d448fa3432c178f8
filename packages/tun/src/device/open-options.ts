import { invalidType, invalidValue, requireBoolean } from '../errors/invalid-argument.js'
import { type DeviceConfiguration, validateConfiguration } from './device-configuration.js'
import { validateDeviceName } from './device-name.js'
import type { OffloadRequest } from './offload-state.js'

/** Options of {@link openTun}. */
export interface OpenTunOptions {
  /** Name of the device; `%d` in it is replaced by the lowest free number. Default: the kernel's, `tun%d`. */
  name?: string
  /**
   * `off`: packets of at most the MTU, checksums complete. `raw`: super-packets up to 64 KiB of TCP, and of UDP
   * from Linux 6.2, with their virtio words. `auto`: raw if the kernel takes it, else off. Default `off`.
   */
  offload?: OffloadRequest
  /** Whether the device stays when its last queue is closed. Default: left as it is. */
  persist?: boolean
  /** Refuse a device that exists already, with EBUSY (IFF_TUN_EXCL). Default false. */
  exclusive?: boolean
  /** Path of the network namespace the device is made or attached in. Default: the process's own. */
  netns?: string
  /** Settings of the interface, undone if one of them fails. Default false: no privileged request is made. */
  configure?: false | DeviceConfiguration
}

/** Throws for whatever is wrong in the options, before any system call. */
export function validateOpenOptions(options: OpenTunOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const { name, offload, persist, exclusive, netns, configure } = options
  if (name !== undefined) validateDeviceName(name)
  if (offload !== undefined && !['off', 'raw', 'auto'].includes(offload)) {
    throw invalidValue('offload', "'off', 'raw' or 'auto'", offload)
  }
  if (persist !== undefined) requireBoolean('persist', persist)
  if (exclusive !== undefined) requireBoolean('exclusive', exclusive)
  if (netns !== undefined) {
    if (typeof netns !== 'string') throw invalidType('netns', 'a string', netns)
    if (netns === '' || netns.includes('\0')) throw invalidValue('netns', 'a path', netns)
  }
  if (configure !== undefined && configure !== false) validateConfiguration(configure)
}
