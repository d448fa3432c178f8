import type { NetlinkTransport } from '../binding.js'

/** Whether libuv watches the socket, and whether that keeps the process alive; each call only if it changes something. */
export class Polling {
  readonly #transport: NetlinkTransport
  readonly #readable: () => void
  #isPolling = false
  #isHeld = true

  constructor(transport: NetlinkTransport, readable: () => void) {
    this.#transport = transport
    this.#readable = readable
  }

  /** 0, or -errno when polling could not be started. */
  update(isPolling: boolean, isHeld: boolean): number {
    let status = 0
    if (isPolling !== this.#isPolling) {
      this.#isPolling = isPolling
      status = isPolling ? this.#transport.startPolling(this.#readable) : this.#transport.stopPolling()
    }
    if (isHeld !== this.#isHeld) {
      this.#isHeld = isHeld
      if (isHeld) this.#transport.ref()
      else this.#transport.unref()
    }
    return status
  }
}
