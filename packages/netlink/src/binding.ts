import { createRequire } from 'node:module'
import { NetlinkError } from './errors/netlink-error.js'

/** The addon's one class. Numbers below zero are -errno; the calls never throw once the socket is open. */
export interface NetlinkTransport {
  portId(): number
  setOption(level: number, name: number, value: number): number
  getOption(level: number, name: number): number
  /** One datagram, of one message or many. */
  send(bytes: Uint8Array): number
  /**
   * Reads datagrams into `buffer`, each at the next multiple of four, until there are none, `outcomes` is full, or
   * less than `roomBytes` are left. Each writes three numbers: bytes stored, bytes it had, and the id of the
   * namespace it is from or -1. An error after datagrams is the last outcome: -errno, 0, -1.
   */
  receive(buffer: Uint8Array, outcomes: Int32Array, roomBytes: number): number
  startPolling(callback: () => void): number
  stopPolling(): number
  ref(): void
  unref(): void
  close(): void
}

interface Binding {
  NetlinkSocket: new (protocol: number, netnsPath: string) => NetlinkTransport
}

let binding: Binding | undefined

/** Loads the addon on first use, so that importing the package works everywhere. */
export function loadBinding(): Binding {
  if (process.platform !== 'linux') {
    throw new NetlinkError(`netlink exists on Linux only, not on ${process.platform}`, {
      code: 'ERR_UNSUPPORTED_PLATFORM',
    })
  }
  binding ??= load()
  return binding
}

function load(): Binding {
  try {
    return createRequire(import.meta.url)('../binding.cjs') as Binding
  } catch (cause) {
    throw new NetlinkError(`there is no netlink addon for ${process.arch} and this C library`, {
      code: 'ERR_UNSUPPORTED_PLATFORM',
      hint: 'Compile it once: npm i node-addon-api node-gyp && npx node-gyp rebuild --directory node_modules/@slatfatf/netlink/native',
      cause,
    })
  }
}
