import { binding } from '../binding.js'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import { describeRoute, routeOfKey, type UdpPeer } from './route.js'
import type { UdpCounters } from './udp-counters.js'

export const MAX_PAYLOAD_BYTES = 65_507

/** Why a session is over: by its own `close()`, after `idleMs`, or with the server. */
export type UdpCloseReason = 'closed' | 'idle' | 'server closed'

export interface SessionOwner {
  readonly fd: number
  readonly counters: Pick<UdpCounters, 'sent' | 'sendFailures'>
  end(key: string, session: UdpSession, reason: UdpCloseReason): void
}

/** A peer that writes to one of our addresses, until it is idle or closed. */
export class UdpSession {
  readonly peer: UdpPeer
  /** Called with every message, the first one included if it is set in `onSession`. The buffer is the callee's. */
  onMessage: ((message: Buffer) => void) | undefined
  /** Called once. */
  onClose: ((reason: UdpCloseReason) => void) | undefined
  readonly #owner: SessionOwner
  readonly #key: string
  readonly #route: Buffer
  readonly #openedAt = performance.now()
  #lastAt = this.#openedAt
  #closed = false

  /** Sessions come from `openUdpServer`. */
  constructor(key: string, owner: SessionOwner) {
    this.#owner = owner
    this.#key = key
    this.#route = routeOfKey(key)
    this.peer = describeRoute(this.#route)
  }

  /** Since the first message. */
  get ageMs(): number {
    return performance.now() - this.#openedAt
  }

  /** Since the last message from the peer; what is sent to it does not count. */
  get silentMs(): number {
    return performance.now() - this.#lastAt
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /**
   * Sends one datagram, from the address that the peer wrote to, also while a newer instance reads the socket. False: the kernel did
   * not take it (its buffer is full, there is no route, a firewall), which `sendFailures` counts; or the session is closed. Never waits.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE` above 65,507 bytes
   */
  send(message: Uint8Array | string): boolean {
    const { fd, counters } = this.#owner
    if (this.#closed) return false
    return sendTo(fd, this.#route, message, counters)
  }

  /** Ends the session: what its peer sends from now on begins a new one. */
  close(): void {
    this.end('closed')
  }

  /** @internal */
  end(reason: UdpCloseReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#owner.end(this.#key, this, reason)
  }

  /** @internal */
  heard(): void {
    this.#lastAt = performance.now()
  }
}

export function sendTo(
  fd: number,
  route: Uint8Array,
  message: Uint8Array | string,
  counters: Pick<UdpCounters, 'sent' | 'sendFailures'>,
): boolean {
  if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
    throw invalidType('message', 'a Uint8Array or a string', message)
  }
  const payload = typeof message === 'string' ? Buffer.from(message) : message
  if (payload.byteLength > MAX_PAYLOAD_BYTES) {
    throw invalidValue('message', `of at most ${MAX_PAYLOAD_BYTES} bytes`, payload.byteLength)
  }
  const outcome = binding().sendDatagram(fd, route, payload)
  if (outcome >= 0) counters.sent++
  else counters.sendFailures++
  return outcome >= 0
}
