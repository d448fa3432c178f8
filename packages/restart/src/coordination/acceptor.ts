import { constants } from 'node:os'
import { debuglog } from 'node:util'
import { binding } from '../binding.js'
import { type DescriptorPoll, type PeerCredentials, READABLE } from '../channel/channel-binding.js'
import { unlinkIfBound } from '../descriptor/socket-file.js'

/** Who was accepted: its descriptor, which the callee owns, and who it is. */
export type Accepted = (fd: number, peer: PeerCredentials) => void

/** How many the kernel lets wait; it allows no more than `net.core.somaxconn`. */
export const BACKLOG = 128

/** So that a crowd does not keep the loop from turning. */
const MAX_ACCEPTED_AT_ONCE = 16

/** When there is no descriptor or memory left, looking again at once would only burn the CPU. */
const REST_MS = 100

const { EAGAIN, ECONNABORTED, EINTR } = constants.errno

const log = debuglog('slatfatf-restart')

/** Accepts connections of a listening Unix socket, and owns it. */
export class Acceptor {
  readonly #fd: number
  readonly #poll: DescriptorPoll
  #accepted: Accepted | undefined
  #resting: NodeJS.Timeout | undefined
  #isHeld = true
  #isClosed = false

  constructor(fd: number) {
    this.#fd = fd
    this.#poll = new (binding().DescriptorPoll)(fd, true)
  }

  get fd(): number {
    return this.#isClosed ? -1 : this.#fd
  }

  start(accepted: Accepted): void {
    this.#accepted = accepted
    binding().listenOn(this.#fd, BACKLOG)
    this.#watch()
  }

  stop(): void {
    this.#accepted = undefined
    clearTimeout(this.#resting)
    if (!this.#isClosed) this.#poll.stop()
  }

  ref(): void {
    this.#isHeld = true
    if (!this.#isClosed) this.#poll.ref()
  }

  unref(): void {
    this.#isHeld = false
    if (!this.#isClosed) this.#poll.unref()
  }

  close(unlink: boolean): void {
    if (this.#isClosed) return
    this.stop()
    this.#isClosed = true
    this.#poll.close()
    if (unlink) this.#unlink()
    binding().closeFd(this.#fd)
  }

  /** A path that must stay must not keep the socket open: who may no longer write to its folder leaves it stale. */
  #unlink(): void {
    try {
      unlinkIfBound(this.#fd)
    } catch (error) {
      log('the path of a socket stays: %O', error)
    }
  }

  #watch(): void {
    const status = this.#poll.start(READABLE, () => this.#acceptWaiting())
    if (status < 0) log('cannot watch a listening socket: errno %d', -status)
  }

  #acceptWaiting(): void {
    const { acceptConnection, closeFd, peerCredentials } = binding()
    for (let count = 0; count < MAX_ACCEPTED_AT_ONCE && this.#accepted !== undefined; count++) {
      const fd = acceptConnection(this.#fd)
      if (fd < 0) {
        if (fd === -ECONNABORTED || fd === -EINTR) continue
        if (fd !== -EAGAIN) this.#rest(-fd)
        return
      }
      let peer: PeerCredentials
      try {
        peer = peerCredentials(fd)
      } catch (error) {
        log('a connection whose credentials are unknown is not heard: %O', error)
        closeFd(fd)
        continue
      }
      this.#accepted(fd, peer)
    }
  }

  #rest(errno: number): void {
    log('cannot accept connections: errno %d', errno)
    this.#poll.stop()
    this.#resting = setTimeout(() => this.#watch(), REST_MS)
    if (!this.#isHeld) this.#resting.unref()
  }
}
