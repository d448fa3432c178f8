import { setTimeout as delay } from 'node:timers/promises'
import { binding, type NativeQueue } from '../binding.js'
import { fromNative } from '../errors/system-error.js'
import { isTunError } from '../errors/tun-error.js'
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TUN, IFF_TUN_EXCL, IFF_VNET_HDR } from '../kernel-abi.js'
import { OFFLOAD_OFF, type OffloadState } from '../queue/offload-switch.js'
import { createCounters } from '../queue/tun-counter.js'
import { clearOffload, enableOffload } from './enable-offload.js'
import type { OffloadPlan } from './offload-request.js'

const BUSY_RETRY_MS = 10
const BUSY_LIMIT_MS = 100

/** Which device, and how. */
export interface Attachment {
  name: string
  netns: string | undefined
  exclusive: boolean
  multiQueue: boolean
  offload: OffloadPlan | undefined
}

/** A descriptor that is attached, and what is live on it. */
export interface Attached {
  native: NativeQueue
  counters: Float64Array
  offload: OffloadState
}

/** Attaches a descriptor to a device, made if it is not there, with as much offload as is wanted and to be had. */
export async function attachQueue(attachment: Attachment): Promise<Attached> {
  const { offload } = attachment
  if (offload === undefined) return attachPlain(attachment)
  const attached = await attach(attachment, IFF_VNET_HDR)
  try {
    return { ...attached, offload: enableOffload(attached.native, offload) }
  } catch (error) {
    attached.native.close()
    if (!offload.optional || !isTunError(error)) throw error
    return attachPlain(attachment, `${error.syscall}: ${error.code}`)
  }
}

async function attachPlain(attachment: Attachment, reason?: string): Promise<Attached> {
  const attached = await attach(attachment, 0)
  try {
    clearOffload(attached.native)
  } catch (error) {
    attached.native.close()
    throw error
  }
  const offload = reason === undefined ? OFFLOAD_OFF : Object.freeze({ ...OFFLOAD_OFF, reason })
  return { ...attached, offload }
}

async function attach(
  { name, netns, exclusive, multiQueue }: Attachment,
  extraFlags: number,
): Promise<Omit<Attached, 'offload'>> {
  const { NativeQueue } = binding()
  const flags =
    IFF_TUN | IFF_NO_PI | extraFlags | (exclusive ? IFF_TUN_EXCL : 0) | (multiQueue ? IFF_MULTI_QUEUE : 0)
  const counters = createCounters()
  const deadline = performance.now() + BUSY_LIMIT_MS
  for (;;) {
    try {
      return { native: new NativeQueue(counters, name, flags, netns ?? ''), counters }
    } catch (thrown) {
      const isBusy = (thrown as NodeJS.ErrnoException).code === 'EBUSY'
      const hint = isBusy ? busyHint(exclusive) : undefined
      const error = fromNative(thrown, name === '' ? undefined : name, hint)
      if (!isTunError(error) || error.code !== 'EBUSY' || performance.now() >= deadline) throw error
    }
    await delay(BUSY_RETRY_MS)
  }
}

function busyHint(exclusive: boolean): string {
  return exclusive
    ? 'The device exists: attach to it with exclusive: false'
    : 'Another descriptor, of this process or another one, holds its queue; with multiQueue a device has several'
}
