import { Socket } from 'node:net'
import { constants } from 'node:os'
import { binding } from '../binding.js'
import { type Watch, watchDescriptor } from '../readiness/readiness.js'
import { type Attempt, connectRefusal } from './connect-refusal.js'
import { descriptorIn } from './descriptor-of.js'

type Done = (error?: Error | null) => void

const synSent = 2

/**
 * A socket whose SYN the kernel keeps back until the first write.
 *
 * Node takes it for a connected one, which it is but for three things: a first write that finds the cookie gone answers
 * EINPROGRESS although all is well, a write of nothing sends a SYN of nothing, and a shutdown during the handshake
 * ends the connection together with the data that the SYN carried. TLS and HTTP/2 write to the descriptor
 * and not to this object; they never write nothing, and end only after the handshake.
 */
export class DeferredSocket extends Socket {
  readonly #attempt: Attempt
  #deferred = true
  #sentBytes = 0
  #watch: Watch | undefined

  constructor(fd: number, attempt: Attempt, allowHalfOpen: boolean) {
    super({ fd, readable: true, writable: true, allowHalfOpen })
    this.#attempt = attempt
    // A property and not an accessor: `net.Socket` declares it as one.
    Object.defineProperty(this, 'bytesWritten', { get: () => this.#bytesWritten(), configurable: true })
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    if (!this.#deferred) {
      super._write(chunk, encoding, done)
      return
    }
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    if (bytes.length === 0) {
      done()
      return
    }
    this.#deferred = false
    // The kernel would send the SYN of a socket that an ICMP error has closed, from a port that it does not hold.
    const sent = this.#isConnecting() ? binding().send(descriptorIn(this), bytes) : this.#pendingError()
    if (sent < 0 && sent !== -constants.errno.EINPROGRESS) {
      done(connectRefusal(sent, 'send', this.#attempt))
      return
    }
    this.#sentBytes = Math.max(sent, 0)
    const rest = bytes.subarray(this.#sentBytes)
    if (rest.length === 0) done()
    else super._write(rest, 'buffer' as BufferEncoding, done)
  }

  override _writev(chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[], done: Done): void {
    if (!this.#deferred) {
      super._writev?.(chunks, done)
      return
    }
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    )
    this._write(Buffer.concat(parts), 'buffer' as BufferEncoding, done)
  }

  override _final(done: Done): void {
    // Where nothing was written there is no handshake to wait for.
    if (this.#deferred || this.destroyed || !this.#isConnecting()) {
      super._final(done)
      return
    }
    this.#watch = watchDescriptor(descriptorIn(this), { writable: true }, () => super._final(done))
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#watch?.cancel()
    super._destroy(error, done)
  }

  #isConnecting(): boolean {
    const state = new Uint8Array(1)
    return binding().tcpInfo(descriptorIn(this), state) === 1 && state[0] === synSent
  }

  #pendingError(): number {
    return -(Math.abs(binding().socketError(descriptorIn(this))) || constants.errno.ENOTCONN)
  }

  #bytesWritten(): number {
    return this.#sentBytes + (Reflect.get(Socket.prototype, 'bytesWritten', this) ?? 0)
  }
}
