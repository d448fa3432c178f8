import { TunQueue } from '../queue/tun-queue.js'
import { attachQueue } from './attach-queue.js'
import { offloadPlan } from './offload-request.js'
import { type OpenTunOptions, validateOpenOptions } from './open-options.js'
import { probeOffload } from './probe-offload.js'
import { TunDevice } from './tun-device.js'

/**
 * Makes a TUN device and opens it, or attaches to one that is there: `ip tuntap add mode tun`, and hold its queue.
 *
 * A device that is made here vanishes when it is closed, unless `persist` is set. Packets have no
 * packet-information header (IFF_NO_PI). A queue that is still busy is tried again for about 100 ms, because
 * the kernel releases the descriptors of a process that used io_uring some time after the process is gone.
 *
 * Requires CAP_NET_ADMIN in the network namespace, or with `exclusive: false` a device made beforehand for this user;
 * `netns` also CAP_SYS_ADMIN.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, before anything is touched
 * @throws TunError `EBUSY` when another descriptor holds the queue, or the device exists and `exclusive` is not false; `EPERM`;
 *   `EACCES` or `ENOENT` for /dev/net/tun; `EINVAL` when the name is taken by another kind of device, or when
 *   the kernel takes no offload and `raw` or `split` was asked for
 * @throws Error `ERR_UNSUPPORTED_PLATFORM` elsewhere than on Linux
 * @see Documentation/networking/tuntap.rst, drivers/net/tun.c
 */
export async function openTun(options: OpenTunOptions = {}): Promise<TunDevice> {
  validateOpenOptions(options)
  const { name = '', netns, exclusive = true, multiQueue = false } = options
  const wanted = offloadPlan(options.offload)
  const attachment = { name, netns, exclusive, multiQueue, offload: wanted }
  const { native, counters, offload } = await attachQueue(attachment)
  // Further queues must have what the first one got: virtio headers are a matter of the device.
  const got = wanted && offload.mode !== 'off' ? { ...wanted, optional: false } : undefined
  const device = new TunDevice(native, { ...attachment, name: native.name, offload: got })
  try {
    if (options.sendBufferBytes !== undefined) device.setSendBuffer(options.sendBufferBytes)
    if (options.configure) await device.configure(options.configure)
    // A device that was just made is down, and the kernel counts what is written then as dropped.
    const canProbe =
      offload.mode !== 'off' &&
      (options.configure ? options.configure.up === true : !exclusive && (await device.isUp()))
    const state = canProbe ? probeOffload(native, offload) : offload
    counters.fill(0)
    device.add(native, new TunQueue(native, counters, state))
    // Last, so that a device that could not be configured does not stay, and one that is there stays as it was.
    if (options.owner !== undefined) device.setOwner(options.owner)
    if (options.group !== undefined) device.setGroup(options.group)
    if (options.persist !== undefined) device.setPersist(options.persist)
    return device
  } catch (error) {
    native.close()
    throw error
  }
}
