/**
 * Remembers which slices were full, for a remote or for everybody. Asking the kernel costs about 118 µs on a full slice of 2,048
 * ports, ten times a successful reservation, so a refused client that retries must not be able to slow the others down.
 *
 * A memory ends when one of our own leases comes back, and after `memoryMs` in any case, since sockets of other processes come and
 * go without telling us.
 */
export class FullMemory {
  readonly #memoryMs: number
  readonly #maximum: number
  /** Until when to refuse, by protocol, slice and remote. */
  readonly #fullUntil = new Map<string, number>()

  constructor(memoryMs = 250, maximum = 65_536) {
    this.#memoryMs = memoryMs
    this.#maximum = maximum
  }

  /** True while the kernel's last refusal is still believed. */
  isFull(protocol: number, slice: number, remote: number, remotePort: number, nowMs: number): boolean {
    if (this.#fullUntil.size === 0) return false
    const key = keyOf(protocol, slice, remote, remotePort)
    const until = this.#fullUntil.get(key)
    if (until === undefined) return false
    if (until > nowMs) return true
    this.#fullUntil.delete(key)
    return false
  }

  /** The kernel has refused just now. */
  remember(protocol: number, slice: number, remote: number, remotePort: number, nowMs: number): void {
    if (this.#fullUntil.size >= this.#maximum) this.#fullUntil.clear()
    this.#fullUntil.set(keyOf(protocol, slice, remote, remotePort), nowMs + this.#memoryMs)
  }

  /** A lease came back, so there is room again. */
  forget(protocol: number, slice: number, remote: number, remotePort: number): void {
    if (this.#fullUntil.size !== 0) this.#fullUntil.delete(keyOf(protocol, slice, remote, remotePort))
  }
}

function keyOf(protocol: number, slice: number, remote: number, remotePort: number): string {
  return `${protocol}:${slice}:${remote}:${remotePort}`
}
