import { getSystemErrorName } from 'node:util'
import { binding } from '../binding.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'

/** What a reservation holds. */
export interface ReservationRecord {
  kind: 'tuple' | 'port' | 'echo-id'
  protocol: 'tcp' | 'udp' | 'icmp'
  address: string
  port: number
  remoteAddress?: string
  remotePort?: number
  fd: number
}

/**
 * A name held in the kernel's socket table for as long as its descriptor is open, in this process or in any other that
 * received a copy.
 *
 * Guarantees: reserving, holding and releasing send nothing, and the socket neither keeps nor answers what arrives for
 * it (a tuple: what arrives with a TTL below 255, which is everything but the neighbour who means it). Made by
 * {@link reserveTuple}, {@link reservePort} and {@link reserveEchoId}. Garbage collection does not release it, and
 * neither does the end of a worker: call {@link release}.
 */
export class Reservation {
  readonly kind: 'tuple' | 'port' | 'echo-id'
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  /** The local address, as it was given. */
  readonly address: string
  /** The local port that is held; the echo id, if `kind` is `echo-id`. */
  readonly port: number
  /** Only of a tuple. */
  declare readonly remoteAddress?: string
  /** Only of a tuple. */
  declare readonly remotePort?: number
  #fd: number

  /** @internal */
  constructor(record: ReservationRecord) {
    this.kind = record.kind
    this.protocol = record.protocol
    this.address = record.address
    this.port = record.port
    if (record.remoteAddress !== undefined) this.remoteAddress = record.remoteAddress
    if (record.remotePort !== undefined) this.remotePort = record.remotePort
    this.#fd = record.fd
  }

  /** The descriptor, close-on-exec and non-blocking; -1 once released. It stays this object's: do not close it. */
  get fd(): number {
    return this.#fd
  }

  get released(): boolean {
    return this.#fd < 0
  }

  /**
   * Gives the name back. It is free when this returns, unless another process holds a copy of the descriptor. Calling
   * it again does nothing. About 5 µs.
   *
   * @throws {TfoSocketError} `EBADF` if something else has closed the descriptor.
   */
  release(): void {
    const fd = this.#fd
    if (fd < 0) return
    this.#fd = -1
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
}
