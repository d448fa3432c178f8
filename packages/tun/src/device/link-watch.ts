import { type Link, type LinkWatch as WatchedLinks, watchLinks } from '@slatfatf/netlink'
import { netlinkFailure } from './configure-device.js'

/** What the watch needs of a device, and what it tells it. */
export interface WatchedDevice {
  readonly name: string
  readonly index: number
  /** Whether the descriptor is still attached to a device. */
  isAlive(): boolean
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

  /** Resolves when nothing can be missed any more. A failed start may be tried again. */
  start(): Promise<void> {
    this.#starting ??= this.#open().catch((error) => {
      this.#starting = undefined
      throw netlinkFailure(error, this.#device.name)
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
      removed: ({ index }: Link) => {
        if (index === device.index) this.#left()
      },
      failed: (error: Error) => this.#fail(error),
    }
    this.#links = await device.inNamespace((netns) =>
      watchLinks(listener, { ref: false, ...(netns !== undefined && { netns }) }),
    )
    if (this.#closed) await this.#links.close()
  }

  #left(): void {
    void this.#links?.close()
    if (!this.#device.isAlive()) {
      this.#device.removed()
      return
    }
    this.#follow().catch((error) => this.#fail(error))
  }

  async #follow(): Promise<void> {
    await this.#device.follow()
    if (this.#closed) return
    await this.#open()
    this.#device.moved()
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#device.failed(netlinkFailure(error, this.#device.name) as Error)
  }
}
