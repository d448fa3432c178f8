import { EventEmitter } from 'node:events'
import type { Link, RouteSocket } from '@slatfatf/netlink'
import type { NativeQueue } from '../binding.js'
import { invalidValue, requireBoolean, requireInteger } from '../errors/invalid-argument.js'
import { systemError } from '../errors/system-error.js'
import { TunError } from '../errors/tun-error.js'
import type { Drop } from '../queue/drop-watch.js'
import type { OffloadState } from '../queue/offload-switch.js'
import { TunQueue } from '../queue/tun-queue.js'
import { type Attachment, attachQueue } from './attach-queue.js'
import { configureLink } from './configure-device.js'
import { type DeviceConfiguration, validateConfiguration } from './device-configuration.js'
import type { DeviceAction } from './device-failure.js'
import { validateDeviceName } from './device-name.js'
import { FOREIGN_NAMESPACE, inNamespaceOf } from './device-namespace.js'
import { type DeviceInspection, inspectLink } from './inspect-device.js'
import { LinkWatch, type WatchedDevice } from './link-watch.js'
import { validateNamespacePath } from './open-options.js'
import { reachLink } from './reach-link.js'

/** What a device tells without being asked; those of the interface only after {@link TunDevice.watch}. */
export interface TunDeviceEvents {
  /** The interface was brought up, by whomever. */
  up: []
  /** The interface was brought down. */
  down: []
  /** It has another MTU. */
  mtu: [mtu: number, previous: number]
  /** It has another name; `device.name` is the new one. */
  rename: [name: string, previous: string]
  /** It is in another network namespace, and is followed there. */
  moved: []
  /** It was deleted. Nothing follows. */
  removed: []
  /** It cannot be watched any more. */
  unwatched: [error: Error]
  /** What is live of offload has changed on a queue. */
  offload: [state: OffloadState, queue: TunQueue]
  /** Packets were lost by a queue. */
  drop: [drop: Drop, queue: TunQueue]
}

/** An open TUN device and its queues. Made by `openTun` or `tunFromFd`. */
export class TunDevice extends EventEmitter<TunDeviceEvents> implements AsyncDisposable {
  readonly #queues: TunQueue[] = []
  readonly #natives: NativeQueue[]
  readonly #attachment: Attachment
  #name: string
  #index: number
  #first: TunQueue | undefined
  #watch: LinkWatch | undefined
  #closed = false

  /** @internal Use `openTun`. */
  constructor(native: NativeQueue, attachment: Attachment) {
    super()
    this.#natives = [native]
    this.#name = native.name
    this.#index = native.index
    this.#attachment = attachment
  }

  /** Name when it was opened, or what {@link rename} or {@link watch} saw since. */
  get name(): string {
    return this.#name
  }

  /** Interface index in its network namespace. */
  get index(): number {
    return this.#index
  }

  /** The first queue: where packets are read and written. */
  get queue(): TunQueue {
    return this.#first!
  }

  /** The queues that were opened here and are neither closed nor transferred. */
  get queues(): readonly TunQueue[] {
    return this.#queues
  }

  /** What is live of offload on the first queue, and why not more. */
  get offload(): OffloadState {
    return this.queue.offload
  }

  /** @internal Takes a queue in. */
  add(native: NativeQueue, queue: TunQueue): TunQueue {
    queue.on('offload', (state) => this.emit('offload', state, queue))
    queue.on('drop', (drop) => this.emit('drop', drop, queue))
    this.#first ??= queue
    this.#queues.push(queue)
    if (!this.#natives.includes(native)) this.#natives.push(native)
    queue.closed.then(() => {
      remove(this.#queues, queue)
      remove(this.#natives, native)
    })
    return queue
  }

  /**
   * Opens another queue of a device that was opened with `multiQueue`. The kernel spreads flows over the queues that are attached:
   * a flow comes from the queue on which its packets were last written, or else from one by hash. So answer on the queue that
   * asked, and each flow keeps its order; read each queue by one thread only. When a queue is closed or detached, flows
   * move to others, and not only its own.
   *
   * @throws TunError `ERR_TUN_SINGLE_QUEUE`, `E2BIG` above 256 queues, `ERR_TUN_CLOSED`
   */
  async openQueue(): Promise<TunQueue> {
    this.#requireOpen()
    if (!this.#attachment.multiQueue) {
      throw new TunError(`${this.name} has one queue`, {
        code: 'ERR_TUN_SINGLE_QUEUE',
        device: this.name,
        hint: 'Open the device with multiQueue: true; a device that is there already cannot change',
      })
    }
    try {
      const { name, index } = await this.#reach('opening a queue of', async (_route, link) => link)
      const opened = await this.#inNamespace((netns) =>
        attachQueue({ ...this.#attachment, name, netns, exclusive: false }),
      )
      if (!this.#closed && opened.native.index === index) {
        return this.add(opened.native, new TunQueue(opened.native, opened.counters, opened.offload))
      }
      // Closed meanwhile; or renamed meanwhile, and what has the name now is another device, or a new one.
      opened.native.close()
      throw systemError(-19, 'ioctl(TUNSETIFF)', name)
    } catch (error) {
      this.#requireOpen()
      throw error
    }
  }

  /**
   * Sets whether the device stays when its last queue is closed. While nobody reads a persistent device, the
   * kernel drops what is routed to it. Equals `TUNSETPERSIST`.
   *
   * @throws TunError `ERR_TUN_CLOSED`, `EPERM`
   */
  setPersist(on: boolean): void {
    requireBoolean('on', on)
    this.#control((native) => native.setPersist(on), 'ioctl(TUNSETPERSIST)')
  }

  /** Lets a user, by numeric id, attach to the persistent device without privileges. Equals `TUNSETOWNER`. Throws as {@link setPersist}. */
  setOwner(user: number): void {
    requireInteger('user', user, 0, 0xffff_fffe)
    this.#control((native) => native.setOwner(user), 'ioctl(TUNSETOWNER)')
  }

  /** The same for a group. */
  setGroup(group: number): void {
    requireInteger('group', group, 0, 0xffff_fffe)
    this.#control((native) => native.setGroup(group), 'ioctl(TUNSETGROUP)')
  }

  /**
   * Pulls the cable, or puts it in: without carrier the interface stays up, and routes over it may yield to others. Equals
   * `TUNSETCARRIER`. Requires Linux 5.0. Throws as {@link setPersist}.
   */
  setCarrier(on: boolean): void {
    requireBoolean('on', on)
    this.#control((native) => native.setCarrier(on), 'ioctl(TUNSETCARRIER)')
  }

  /**
   * Bounds what may be written and not yet consumed, in bytes, before writing says "not now": back-pressure from where the packets go.
   * Equals `TUNSETSNDBUF`. Throws as {@link setPersist}.
   */
  setSendBuffer(bytes: number): void {
    requireInteger('bytes', bytes, 1, 0x7fff_ffff)
    this.#control((native) => native.setSendBuffer(bytes), 'ioctl(TUNSETSNDBUF)')
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
    await this.#reach('configuring', (route, link) => configureLink(route, link, configuration))
  }

  /**
   * Gives the interface another name. Equals `ip link set NAME name NEW`. Before Linux 6.2 it must be down. Throws as
   * {@link configure}; `EEXIST` if the name is taken.
   */
  async rename(name: string): Promise<void> {
    validateDeviceName(name)
    if (name.includes('%')) throw invalidValue('name', 'a name without %d', name)
    await this.#reach('renaming', (route, link) => route.setLink(link.index, { name }))
    this.#renamed(name)
  }

  /**
   * Moves the interface to another network namespace. The queues stay open; the interface is down there and has lost its addresses,
   * as `ip link set NAME netns PATH` does. Requires CAP_NET_ADMIN in both and CAP_SYS_ADMIN. Throws as {@link configure};
   * `EEXIST` if its name is taken there.
   */
  async moveTo(netns: string): Promise<void> {
    validateNamespacePath(netns)
    await this.#reach('moving', (route, link) => route.setLink(link.index, { netns }))
    await this.#follow()
  }

  /**
   * What the kernel says of the device now. Equals `ip -details -statistics link show` and `address show`. Requires no privilege in
   * the process's own namespace.
   *
   * @throws TunError `ERR_TUN_CLOSED`, `ENODEV` if it was deleted
   */
  async inspect(): Promise<DeviceInspection> {
    const features = this.#requireOpen().features()
    if (features < 0) throw systemError(features, 'ioctl(TUNGETFEATURES)', this.name)
    return this.#reach('inspecting', (route, link) => inspectLink(route, link, features, this.offload))
  }

  /** @internal */
  isUp(): Promise<boolean> {
    return this.#reach('inspecting', async (_route, link) => link.up)
  }

  /** @internal Whether each packet begins with four bytes of flags and protocol; false where nobody may ask. */
  async hasPacketInformation(): Promise<boolean> {
    const asked = this.#reach('inspecting', async (_route, link) => link.tun?.packetInformation ?? false)
    return asked.catch(() => false)
  }

  /**
   * Follows the interface until the device is closed: from now on `up`, `down`, `mtu`, `rename`, `moved` and `removed` are told, and
   * `name` and `index` are kept current. It does not keep the process alive. Resolves when nothing can be missed any more; again:
   * nothing more happens.
   *
   * @throws TunError `ERR_TUN_CLOSED`, or what refused the Netlink socket
   */
  async watch(): Promise<void> {
    this.#requireOpen()
    this.#watch ??= new LinkWatch(this.#watched())
    await this.#watch.start()
  }

  /** Closes all queues that were opened here; the device goes too unless it is persistent or others hold queues. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    try {
      await this.#watch?.close()
    } finally {
      await Promise.all([...this.#queues].map((queue) => queue.close()))
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #native(): NativeQueue | undefined {
    return this.#natives.find(({ fd }) => fd >= 0)
  }

  #requireOpen(): NativeQueue {
    const native = this.#native()
    if (native) return native
    throw new TunError(`${this.name} is closed`, {
      code: 'ERR_TUN_CLOSED',
      device: this.name,
      hint: 'Its queues were closed, or transferred to other threads: set the device up before that',
    })
  }

  #control(call: (native: NativeQueue) => number, syscall: string): void {
    const result = call(this.#requireOpen())
    if (result < 0) throw systemError(result, syscall, this.name)
  }

  #watched(): WatchedDevice {
    const device = this
    return {
      get name() {
        return device.#name
      },
      get index() {
        return device.#index
      },
      isAlive: () => {
        const native = this.#native()
        return native && typeof native.currentName() === 'string'
      },
      inNamespace: (use) => this.#inNamespace(use),
      follow: () => this.#follow(),
      changed: (link, before) => {
        if (link.up !== before.up) this.#tell(link.up ? 'up' : 'down')
        if (link.mtu !== before.mtu) this.#tell('mtu', link.mtu, before.mtu)
        this.#renamed(link.name)
      },
      moved: () => this.#tell('moved'),
      removed: () => this.#tell('removed'),
      failed: (error) => this.#tell('unwatched', error),
    }
  }

  /** The interface is somewhere else: a descriptor knows where, and under which name. */
  async #follow(): Promise<void> {
    this.#attachment.netns = FOREIGN_NAMESPACE
    await this.#reach('watching', async () => {})
  }

  #renamed(name: string): void {
    const previous = this.#name
    if (name === previous) return
    this.#name = name
    if (this.#watch) this.#tell('rename', name, previous)
  }

  /** Later, so that what a listener throws is its own affair. */
  #tell<K extends keyof TunDeviceEvents>(event: K, ...values: TunDeviceEvents[K]): void {
    process.nextTick(() => (this.emit as (event: K, ...values: TunDeviceEvents[K]) => void)(event, ...values))
  }

  #inNamespace<T>(use: (netns: string | undefined) => Promise<T>): Promise<T> {
    return inNamespaceOf({ netns: this.#attachment.netns, native: this.#native() }, use)
  }

  /** Calls `use` with the interface as it is, wherever it is, and keeps in mind what was seen of it. */
  async #reach<T>(action: DeviceAction, use: (route: RouteSocket, link: Link) => Promise<T>): Promise<T> {
    return reachLink(this.#requireOpen(), this.#attachment.netns, action, async (route, link) => {
      this.#index = link.index
      this.#renamed(link.name)
      return use(route, link)
    })
  }
}

function remove<T>(items: T[], item: T): void {
  const index = items.indexOf(item)
  if (index >= 0) items.splice(index, 1)
}
