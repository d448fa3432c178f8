import { type Link, type RemovedLink, type LinkWatch as WatchedLinks, watchLinks } from '@slatfatf/netlink'
import { TunError } from '../errors/tun-error.js'
import { deviceFailure } from './device-failure.js'

/** What the watch needs of a device, and what it tells it. */
export interface WatchedDevice {
  readonly name: string
  readonly index: number
  /** Whether a descriptor is still attached to it; undefined if there is none here to ask. */
  isAlive(): boolean | undefined
  inNamespace<T>(use: (netns: string | undefined) => Promise<T>): Promise<T>
  /** The interface is in another namespace: resolves when `index` is the new one. */
  follow(): Promise<void>
  changed(link: Link, before: Link): void
  moved(): void
  removed(): void
  failed(error: Error): void
}

/** Follows one interface, also from one network namespace into the next. */
export class LinkWatch {
  readonly #device: WatchedDevice
  #links: WatchedLinks | undefined
  #starting: Promise<void> | undefined
  #closed = false

  constructor(device: WatchedDevice) {
    this.#device = device
  }

  /** Resolves when nothing can be missed any more. A failed watch may be started again. */
  start(): Promise<void> {
    this.#starting ??= this.#open().catch((error) => {
      this.#starting = undefined
      throw deviceFailure(error, 'watching', this.#device.name)
    })
    return this.#starting
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#links?.close()
  }

  async #open(): Promise<void> {
    const device = this.#device
    const listener = {
      changed: (link: Link, before: Link) => {
        if (link.index === device.index) device.changed(link, before)
      },
      removed: (link: RemovedLink) => {
        if (link.index === device.index) this.#left(link.movedToIndex !== undefined)
      },
      failed: (error: Error) => this.#fail(error),
    }
    const links = await device.inNamespace((netns) =>
      watchLinks(listener, { ref: false, ...(netns !== undefined && { netns }) }),
    )
    this.#links = links
    if (this.#closed) await links.close()
    // Gone before anybody watched.
    else if (!links.links.has(device.index)) this.#left(false)
  }

  #left(hasMoved: boolean): void {
    void this.#links?.close()
    const isAlive = this.#device.isAlive()
    if (isAlive) this.#follow().catch((error) => this.#fail(error))
    else if (hasMoved && isAlive === undefined) this.#fail(cannotFollow(this.#device.name))
    else this.#device.removed()
  }

  async #follow(): Promise<void> {
    await this.#device.follow()
    if (this.#closed) return
    await this.#open()
    if (!this.#closed) this.#device.moved()
  }

  #fail(error: unknown): void {
    this.#starting = undefined
    if (!this.#closed) this.#device.failed(deviceFailure(error, 'watching', this.#device.name) as Error)
  }
}

function cannotFollow(device: string): TunError {
  return new TunError(`${device} was moved to another network namespace`, {
    code: 'ERR_TUN_CLOSED',
    device,
    hint: 'Only a descriptor knows where, and all queues were transferred: keep one, or watch before',
  })
}
