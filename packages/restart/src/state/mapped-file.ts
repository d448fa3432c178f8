import { constants as bufferConstants } from 'node:buffer'
import { binding } from '../binding.js'

/** Where the caller's bytes begin: enough for every alignment that a typed array or a cache line wants. */
export const mappedOffsetBytes = 4096

/** What one ArrayBuffer can hold: 4 GiB up to Node 21, more after. */
export const mostMappedBytes = bufferConstants.MAX_LENGTH - mappedOffsetBytes

/**
 * Memory that outlives its process: an ArrayBuffer whose bytes are a file's.
 *
 * Every process and every thread that opened the same file sees the others' writes at once; `Atomics` on its typed
 * arrays work between all of them (`Atomics.wait` does not: the buffer is no SharedArrayBuffer). The buffer cannot be
 * given to a worker: `postMessage` copies it, and in a transfer list it is copied too (Node 20) or refused (from 22 on).
 * Give the worker `fd`, and let it call `openMappedFile`.
 *
 * A process that is killed, even by SIGKILL, leaves everything it wrote, and may leave it half done: order your writes
 * so that the last one makes them valid, or keep two copies and a number. Nothing survives the machine.
 */
export class MappedFile {
  /** This object's own descriptor, close-on-exec: pass it on, store it, but do not close it. */
  readonly fd: number
  /** The program's version that the file was created with. */
  readonly version: number
  readonly sizeBytes: number
  /** Undefined when it was opened by descriptor, or has no name. */
  readonly path: string | undefined
  readonly #buffer: ArrayBuffer
  #open = true

  /** @internal Takes `fd` over; the file was checked and has all its pages. */
  constructor(fd: number, version: number, sizeBytes: number, path: string | undefined) {
    this.#buffer = binding().mapFileAt(fd, mappedOffsetBytes, sizeBytes)
    this.fd = fd
    this.version = version
    this.sizeBytes = sizeBytes
    this.path = path
  }

  /** `sizeBytes` long. After `close` it and every view of it have length 0. */
  get buffer(): ArrayBuffer {
    return this.#buffer
  }

  /** Lets go of the memory and of the descriptor. The file stays, with all that was written. Harmless when repeated. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    binding().unmapFile(this.#buffer)
    binding().closeFd(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
