import { createRequire } from 'node:module'
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
  if (loaded) return loaded
  if (process.platform !== 'linux') {
    throw Object.assign(new Error(`@slatfatf/tun needs Linux, this is ${process.platform}`), {
      code: 'ERR_UNSUPPORTED_PLATFORM',
    })
  }
  loaded = createRequire(import.meta.url)('../binding.cjs') as Binding
  return loaded
}
