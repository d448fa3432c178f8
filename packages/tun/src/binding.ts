import { createRequire } from 'node:module'

/** The addon's view of one queue; what it does is said in native/queue.h. Numbers below 0 are -errno. */
export interface NativeQueue {
  readonly fd: number
  readonly name: string
  readonly index: number
  setOffload(mask: number): number
  setVnetHeaderSize(bytes: number): number
  setPersist(on: boolean): number
  readBatch(slab: Uint8Array, descriptors: Int32Array, headroom: number, tailroom: number): number
  writeBatch(slab: Uint8Array, descriptors: Int32Array, from: number, count: number): number
  startPolling(callback: (failed: boolean) => void): number
  stopPolling(): void
  setRef(on: boolean): void
  close(): void
}

interface Binding {
  NativeQueue: new (name: string, flags: number, netns: string, counters: Float64Array) => NativeQueue
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
