import { createRequire } from 'node:module'
import { TunError } from './errors/tun-error.js'
import type { QueueDriver } from './queue/queue-driver.js'

/** The addon's view of one queue; what it does is said in native/queue.h. Numbers below 0 are -errno. */
export interface NativeQueue extends QueueDriver {
  /** Flags of TUNSETIFF in force when it was opened. */
  readonly flags: number
  /** The name the device has now, or -errno. */
  currentName(): string | number
  /** A descriptor of the network namespace the device is in; the caller closes it. */
  deviceNamespace(): number
  features(): number
  setOffload(mask: number): number
  setVnetHeaderSize(bytes: number): number
  setPersist(on: boolean): number
  setOwner(user: number): number
  setGroup(group: number): number
  setCarrier(on: boolean): number
  setSendBuffer(bytes: number): number
  setAttached(on: boolean): number
  release(): number
}

interface Binding {
  NativeQueue: {
    /** Opens a queue. */
    new (counters: Float64Array, name: string, flags: number, netns: string): NativeQueue
    /** Takes over a descriptor, or a duplicate of it. */
    new (counters: Float64Array, fd: number, duplicate: boolean): NativeQueue
  }
}

let loaded: Binding | undefined

/** Loads the addon on first use, so that importing the package works on every platform. */
export function binding(): Binding {
  loaded ??= load()
  return loaded
}

function load(): Binding {
  if (process.platform !== 'linux') {
    throw new TunError(`@slatfatf/tun needs Linux, this is ${process.platform}`, {
      code: 'ERR_UNSUPPORTED_PLATFORM',
      hint: 'Queues in memory, checksums, segmentation and pcap work everywhere',
    })
  }
  try {
    return createRequire(import.meta.url)('../binding.cjs') as Binding
  } catch (cause) {
    throw new TunError(`@slatfatf/tun has no addon for ${process.arch} and this C library`, {
      code: 'ERR_UNSUPPORTED_PLATFORM',
      hint: 'Compile it once: npm i node-addon-api node-gyp && npx node-gyp rebuild --directory node_modules/@slatfatf/tun/native',
      cause,
    })
  }
}
