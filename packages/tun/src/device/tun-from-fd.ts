import { binding, type NativeQueue } from '../binding.js'
import { invalidType, invalidValue, requireInteger } from '../errors/invalid-argument.js'
import { fromNative } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'
import { IFF_MULTI_QUEUE, IFF_TAP, IFF_VNET_HDR } from '../kernel-abi.js'
import { OFFLOAD_OFF, type OffloadState } from '../queue/offload-switch.js'
import { createCounters } from '../queue/tun-counter.js'
import { TunQueue } from '../queue/tun-queue.js'
import { FOREIGN_NAMESPACE } from './device-namespace.js'
import { clearOffload, enableOffload } from './enable-offload.js'
import { type OffloadMode, type OffloadSettings, offloadPlan, validateOffload } from './offload-request.js'
import { TunDevice } from './tun-device.js'

/** Options of {@link tunFromFd}. */
export interface TunFromFdOptions {
  /** `own`: the device closes the descriptor. `borrow`: it works on a duplicate and leaves yours alone. */
  ownership: 'own' | 'borrow'
  /** As for `openTun`; the descriptor must have been attached with IFF_VNET_HDR for `split` and `raw`, and without for `off`. Default `auto`. */
  offload?: OffloadMode | OffloadSettings
}

/**
 * Makes a device of a descriptor that somebody else opened and attached: passed on by a service manager, a privileged helper, or
 * Android's VpnService. No privileged call is made. The descriptor becomes non-blocking.
 *
 * When it throws, the descriptor is still yours.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @throws TunError `EBADF`, `ENOTTY` for another kind of file, `EBADFD` for one that is attached to no device, `ERR_TUN_NOT_TUN` for TAP or packets
 *   with information headers, `ERR_TUN_OFFLOAD` when its virtio headers are not what `offload` asks for
 */
export async function tunFromFd(fd: number, options: TunFromFdOptions): Promise<TunDevice> {
  requireInteger('fd', fd, 0, 0x7fff_ffff)
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const { ownership, offload: request = 'auto' } = options
  if (ownership !== 'own' && ownership !== 'borrow') {
    throw invalidValue('ownership', "'own' or 'borrow'", ownership)
  }
  validateOffload(request)
  const counters = createCounters()
  const native = adopt(fd, ownership === 'borrow', counters)
  try {
    if ((native.flags & IFF_TAP) !== 0) throw notTun(native.name, 'Ethernet headers (IFF_TAP)')
    const offload = setOffload(native, request)
    const wanted = offloadPlan(request)
    const plan = wanted && offload.mode !== 'off' ? { ...wanted, optional: false } : undefined
    const multiQueue = (native.flags & IFF_MULTI_QUEUE) !== 0
    const attachment = {
      name: native.name,
      netns: FOREIGN_NAMESPACE,
      exclusive: false,
      multiQueue,
      offload: plan,
    }
    const device = new TunDevice(native, attachment)
    if (await device.hasPacketInformation())
      throw notTun(native.name, 'a header of four bytes (no IFF_NO_PI)')
    device.add(native, new TunQueue(native, counters, offload))
    return device
  } catch (error) {
    if (ownership === 'own') native.release()
    else native.close()
    throw error
  }
}

function adopt(fd: number, duplicate: boolean, counters: Float64Array): NativeQueue {
  const { NativeQueue } = binding()
  try {
    return new NativeQueue(counters, fd, duplicate)
  } catch (error) {
    throw fromNative(error)
  }
}

function notTun(device: string, what: string): TunError {
  return new TunError(`${device} is no plain TUN device: its packets have ${what}`, {
    code: 'ERR_TUN_NOT_TUN',
    device,
    hint: 'Attach the descriptor with IFF_TUN | IFF_NO_PI',
  })
}

function setOffload(native: NativeQueue, request: OffloadMode | OffloadSettings): OffloadState {
  const plan = offloadPlan(request)
  const hasVirtioHeaders = (native.flags & IFF_VNET_HDR) !== 0
  if (hasVirtioHeaders && plan) return enableOffload(native, plan)
  if (!hasVirtioHeaders && (plan === undefined || plan.optional)) {
    clearOffload(native)
    return OFFLOAD_OFF
  }
  throw new TunError(`the packets of ${native.name} have ${hasVirtioHeaders ? '' : 'no '}virtio headers`, {
    code: 'ERR_TUN_OFFLOAD',
    device: native.name,
    hint: hasVirtioHeaders
      ? "It was attached with IFF_VNET_HDR: use offload 'auto', 'raw' or 'split'"
      : "It was attached without IFF_VNET_HDR: use offload 'auto' or 'off'",
  })
}
