import { setTimeout as delay } from 'node:timers/promises'
import { binding, type NativeQueue } from '../binding.js'
import { fromNative } from '../errors/system-error.js'
import { isTunError } from '../errors/tun-error.js'
import { IFF_NO_PI, IFF_TUN, IFF_TUN_EXCL, IFF_VNET_HDR } from '../kernel-abi.js'
import { createCounters } from '../queue/tun-counter.js'
import { TunQueue } from '../queue/tun-queue.js'
import { configureDevice } from './configure-device.js'
import { clearOffload, enableRawOffload, type OffloadState, reasonOf } from './offload-state.js'
import { type OpenTunOptions, validateOpenOptions } from './open-options.js'
import { TunDevice } from './tun-device.js'

const BUSY_RETRY_MS = 10
const BUSY_LIMIT_MS = 100

/**
 * Opens a TUN device, making it if it is not there: `ip tuntap add mode tun`, and hold its queue.
 *
 * A device that is made here vanishes when it is closed, unless `persist` is set. Packets have no
 * packet-information header (IFF_NO_PI). A queue that is still busy is tried again for about 100 ms, because
 * the kernel releases the descriptors of a process that used io_uring some time after the process is gone.
 *
 * Requires CAP_NET_ADMIN in the network namespace, or a device made beforehand for this user; `netns` also
 * CAP_SYS_ADMIN.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, before anything is touched
 * @throws TunError `EBUSY` when another descriptor holds the queue, or `exclusive` and the device exists; `EPERM`;
 *   `EACCES` or `ENOENT` for /dev/net/tun; `EINVAL` when the name is taken by another kind of device, or when
 *   the kernel takes no offload and `raw` was asked for
 * @throws Error `ERR_UNSUPPORTED_PLATFORM` elsewhere than on Linux
 * @see Documentation/networking/tuntap.rst, drivers/net/tun.c
 */
export async function openTun(options: OpenTunOptions = {}): Promise<TunDevice> {
  validateOpenOptions(options)
  const { native, counters, offload } = await attach(options)
  try {
    const { netns, configure, persist } = options
    const { name, index } = native
    if (configure) await configureDevice({ name, index, netns }, configure)
    const queue = new TunQueue(native, counters)
    const device = new TunDevice(native, queue, offload, netns)
    // Last, so that a device that could not be configured does not stay.
    if (persist !== undefined) device.setPersist(persist)
    return device
  } catch (error) {
    native.close()
    throw error
  }
}

interface Attached {
  native: NativeQueue
  counters: Float64Array
  offload: OffloadState
}

async function attach(options: OpenTunOptions): Promise<Attached> {
  const request = options.offload ?? 'off'
  if (request === 'off') return attachPlain(options)
  const attached = await attachQueue(options, IFF_VNET_HDR)
  try {
    return { ...attached, offload: enableRawOffload(attached.native) }
  } catch (error) {
    attached.native.close()
    if (request === 'raw' || !isTunError(error)) throw error
    return attachPlain(options, reasonOf(error))
  }
}

async function attachPlain(options: OpenTunOptions, reason?: string): Promise<Attached> {
  const attached = await attachQueue(options, 0)
  try {
    clearOffload(attached.native)
  } catch (error) {
    attached.native.close()
    throw error
  }
  const off = { mode: 'off', tcp: false, udp: false } as const
  return { ...attached, offload: reason === undefined ? off : { ...off, reason } }
}

async function attachQueue(options: OpenTunOptions, extraFlags: number): Promise<Omit<Attached, 'offload'>> {
  const { NativeQueue } = binding()
  const flags = IFF_TUN | IFF_NO_PI | extraFlags | (options.exclusive ? IFF_TUN_EXCL : 0)
  const counters = createCounters()
  const deadline = performance.now() + BUSY_LIMIT_MS
  for (;;) {
    try {
      return { native: new NativeQueue(options.name ?? '', flags, options.netns ?? '', counters), counters }
    } catch (thrown) {
      const error = fromNative(thrown, options.name)
      if (!isTunError(error) || error.code !== 'EBUSY' || performance.now() >= deadline) throw error
    }
    await delay(BUSY_RETRY_MS)
  }
}
