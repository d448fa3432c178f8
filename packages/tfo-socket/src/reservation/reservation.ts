import { getSystemErrorName, type InspectOptions, type inspect } from 'node:util'
import { binding } from '../binding.js'
import { invalidType } from '../errors/arguments.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import { EPOLLHUP, type Watch, watchDescriptor } from '../readiness/readiness.js'
import { warnIfForgotten } from './leak-warning.js'
import { lossOf } from './loss.js'
import { noteGone, noteOwned } from './owned-descriptors.js'

/** What a reservation holds, as plain data: survives JSON, and goes with the descriptor to another process. */
export interface ReservationRecord {
  readonly kind: 'tuple' | 'repair' | 'port' | 'echo-id'
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  /** The local address, as it was given. */
  readonly address: string
  /** The local port; the echo id, if `kind` is `echo-id`. */
  readonly port: number
  /** Made with SO_REUSEADDR. */
  readonly shared: boolean
  /** Of a tuple or a repair reservation, as it was given. */
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** Called at most once, after the kernel has taken the name away; the reservation is released by then. */
export type LossListener = (reservation: Reservation, reason: TfoSocketError) => void

/** What a reservation tells the room that handed it out. */
export interface ReservationOwner {
  ended(reservation: Reservation): void
}

/** One object beside the reservation and not in it, so that it outlives one that was forgotten. */
export interface HeldName {
  readonly record: ReservationRecord
  fd: number
}

/** The same in every copy of this package: a program that imports it and requires it has two. */
const take = Symbol.for('@slatfatf/tfo-socket/Reservation.take')

let owned: (reservation: Reservation, owner: ReservationOwner) => void

/**
 * A name in the kernel's socket table that is held until it is released.
 *
 * The kernel is the only judge: while this is held, every other process of the network namespace is refused the name.
 * It costs one descriptor and about 5 KB of kernel memory. Reserving, holding and releasing send nothing, and the
 * socket neither keeps nor answers what arrives for it (a tuple: what arrives with a TTL below 255, which is
 * everything but the neighbour who means it). Made by {@link reserveTuple}, {@link reservePort},
 * {@link reserveEchoId}, {@link reserveRepair} and {@link adopt}. Garbage collection does not release it, and neither
 * does the end of a worker: call {@link release}, or declare it with `using`. One that was collected while it was held
 * is told by a process warning, `TFO_SOCKET_FORGOTTEN`: all of the first 1,000 of a thread, and then one in sixteen.
 */
export class Reservation implements ReservationRecord {
  readonly #held: HeldName
  #watch: Watch<Reservation> | undefined
  #listener: LossListener | undefined
  #owner: ReservationOwner | undefined

  static {
    owned = (reservation, owner) => {
      reservation.#owner = owner
    }
  }

  /** @internal */
  constructor(record: ReservationRecord, fd: number) {
    this.#held = { record, fd }
    noteOwned(fd)
    warnIfForgotten(this, this.#held)
  }

  get kind(): ReservationRecord['kind'] {
    return this.#held.record.kind
  }

  get protocol(): ReservationRecord['protocol'] {
    return this.#held.record.protocol
  }

  /** The local address, as it was given. */
  get address(): string {
    return this.#held.record.address
  }

  /** The local port that is held; the echo id, if `kind` is `echo-id`. */
  get port(): number {
    return this.#held.record.port
  }

  /** Made with SO_REUSEADDR, so that others who set it may have the name too. */
  get shared(): boolean {
    return this.#held.record.shared
  }

  /** Of a tuple or a repair reservation. The kernel does not tell it: `getpeername` fails on a tuple. */
  get remoteAddress(): string | undefined {
    return this.#held.record.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.#held.record.remotePort
  }

  /** The descriptor, close-on-exec and non-blocking; -1 once released. It stays this object's: do not close it. */
  get fd(): number {
    return this.#held.fd
  }

  get released(): boolean {
    return this.#held.fd < 0
  }

  /**
   * Calls `listener` when the kernel takes the name away, with the reason. The reservation is released by then.
   *
   * That happens to a tuple that an ICMP error reaches, to a repair reservation that a RST reaches (a tuple ignores RST,
   * unless it has answered a SYN before), and to both, and to a UDP port that the kernel picked, when somebody with
   * CAP_NET_ADMIN destroys the socket (`ss -K`). TCP ports and echo ids cannot be taken away, and no address or
   * interface that goes takes any. All watches of a thread share one epoll: one that nothing happens to
   * costs about 3 µs at its beginning and 2 µs at its end, some 200 bytes of kernel memory and 130 of the heap, and no time
   * in between. It does not hold the process open. A second call replaces the listener; `undefined` ends the watch.
   *
   * `reason.code` is `ECONNREFUSED`, `EHOSTUNREACH`, `ENETUNREACH` or rarer ones (ICMP), `ECONNRESET` (RST), `ECONNABORTED` (`ss -K`) or
   * `ETIMEDOUT` (the socket answered a SYN and heard no more). What the listener throws is an uncaught exception.
   *
   * @throws {TfoSocketError} `ERR_RELEASED`; `ENOSPC`: fs.epoll.max_user_watches.
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE`.
   */
  watch(listener: LossListener | undefined): void {
    if (listener !== undefined && typeof listener !== 'function') {
      throw invalidType('listener', 'a function', listener)
    }
    if (this.released) throw releasedError(this.#held.record)
    this.#listener = listener
    if (listener === undefined) this.#unwatch()
    else if (this.#watch === undefined && canBeTaken(this.#held.record)) this.#startWatch()
  }

  /**
   * Gives the name back. It is free when this returns, unless another process holds a copy of the descriptor. Calling
   * it again does nothing. About 5 µs; see {@link releaseAll} for thousands.
   *
   * @throws {TfoSocketError} `EBADF` if something else has closed the descriptor.
   */
  release(): void {
    if (this.released) return
    const fd = this.#take()
    const result = binding().close(fd)
    // Linux has closed the descriptor whatever else close(2) reports.
    if (result >= 0 || getSystemErrorName(result) !== 'EBADF') return
    throw new TfoSocketError(`Descriptor ${fd} of a reservation was closed by somebody else`, {
      code: 'EBADF',
      errno: result,
      syscall: 'close',
    })
  }

  [Symbol.dispose](): void {
    this.release()
  }

  /** What is held, as plain data for {@link adopt}. */
  toJSON(): ReservationRecord {
    return { ...this.#held.record }
  }

  [Symbol.for('nodejs.util.inspect.custom')](
    _depth: number,
    options: InspectOptions,
    print: typeof inspect,
  ): string {
    return `Reservation ${print({ ...this.#held.record, fd: this.#held.fd }, options)}`
  }

  /** @internal */
  [take](): number {
    return this.#take()
  }

  /** Ends the reservation without closing its descriptor, which is the caller's from now on. */
  #take(): number {
    const held = this.#held
    const fd = held.fd
    this.#unwatch()
    held.fd = -1
    noteGone(fd)
    this.#owner?.ended(this)
    return fd
  }

  #startWatch(): void {
    this.#watch = watchDescriptor<Reservation>(this.#held.fd, {}, Reservation.#onEvents, this)
  }

  #unwatch(): void {
    this.#watch?.cancel()
    this.#watch = undefined
    this.#listener = undefined
  }

  static #onEvents(events: number, reservation: Reservation): void {
    reservation.#watch = undefined
    const reason = lossOf(reservation.#held, (events & EPOLLHUP) !== 0)
    if (reason === undefined) {
      reservation.#startWatch()
      return
    }
    const listener = reservation.#listener
    reservation.release()
    listener?.(reservation, reason)
  }
}

/** Ends a reservation and returns its descriptor, still open: the caller's from now on. */
export function takeFd(reservation: Reservation): number {
  return reservation[take]()
}

/** Whether `value` is a reservation, also one of another copy of this package. */
export function isReservation(value: unknown): value is Reservation {
  return typeof value === 'object' && value !== null && take in value
}

/** Tells `owner` when the reservation ends, however it ends. */
export function setOwner(reservation: Reservation, owner: ReservationOwner): void {
  owned(reservation, owner)
}

export function releasedError(record: ReservationRecord): TfoSocketError {
  return new TfoSocketError(`The reservation of ${record.address} port ${record.port} has been released`, {
    code: 'ERR_RELEASED',
  })
}

/** The kernel has no way to take a bound TCP port or an echo id away, and a TCP port hangs up from the beginning. */
function canBeTaken({ kind, protocol }: ReservationRecord): boolean {
  return kind === 'tuple' || kind === 'repair' || protocol === 'udp'
}
