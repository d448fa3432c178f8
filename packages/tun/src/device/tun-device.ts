import type { NativeQueue } from '../binding.js'
import { requireBoolean } from '../errors/invalid-argument.js'
import { systemError } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'
import type { TunQueue } from '../queue/tun-queue.js'
import { configureDevice } from './configure-device.js'
import { type DeviceConfiguration, validateConfiguration } from './device-configuration.js'
import type { OffloadState } from './offload-state.js'

/** An open TUN device and its queue. Made by `openTun`. */
export class TunDevice {
  /** Name at the time of opening. */
  readonly name: string
  /** Interface index in its network namespace. */
  readonly index: number
  /** What is live of super-packets and checksum offload, and why not more. */
  readonly offload: OffloadState
  /** Where packets are read and written. */
  readonly queue: TunQueue
  readonly #native: NativeQueue
  readonly #netns: string | undefined

  /** @internal Use `openTun`. */
  constructor(native: NativeQueue, queue: TunQueue, offload: OffloadState, netns: string | undefined) {
    this.name = native.name
    this.index = native.index
    this.offload = offload
    this.queue = queue
    this.#native = native
    this.#netns = netns
  }

  /**
   * Sets whether the device stays when its last queue is closed. While nobody reads a persistent device, the
   * kernel drops what is routed to it.
   *
   * @throws TunError `ERR_TUN_CLOSED`, `EPERM`
   */
  setPersist(on: boolean): void {
    requireBoolean('on', on)
    this.#requireOpen()
    const result = this.#native.setPersist(on)
    if (result < 0) throw systemError(result, 'ioctl(TUNSETPERSIST)', this.name)
  }

  /**
   * Changes settings of the interface: `ip link set`, `ip address add`. What was changed is undone when a
   * later setting fails, all but `addressGeneration`.
   *
   * Requires CAP_NET_ADMIN.
   *
   * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   * @throws TunError `ERR_TUN_CLOSED`, `EPERM`, `ENODEV`, or what the kernel says; its `cause` is the NetlinkError
   */
  async configure(configuration: DeviceConfiguration): Promise<void> {
    validateConfiguration(configuration)
    this.#requireOpen()
    const { name, index } = this
    await configureDevice({ name, index, netns: this.#netns }, configuration)
  }

  /** Closes the queue; the device goes too unless it is persistent. Idempotent. */
  async close(): Promise<void> {
    await this.queue.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #requireOpen(): void {
    if (this.queue.fd >= 0) return
    throw new TunError(`${this.name} is closed`, { code: 'ERR_TUN_CLOSED', device: this.name })
  }
}
