import { binding } from '../binding.js'

/**
 * Until a version has taken over, its standard error is a pipe to the one that started it. This gives it the real one, when
 * nothing is on its way through the pipe any more: a write that waits for room would wait for ever in the event loop
 * if the descriptor changed under it.
 */
export class RealStderr {
  #fd: number | undefined
  readonly #ignore = () => {}

  /** Without the real one, because whoever started this one died too early, what is written is lost from then on. */
  constructor(fd: number | undefined) {
    this.#fd = fd
    // The other end of the pipe may go at any time, and a message about that is not worth a crash.
    process.stderr.on('error', this.#ignore)
  }

  /** As soon as the pipe is empty. Harmless when repeated. */
  restore(): void {
    if (this.#fd === undefined) return
    if (process.stderr.writableLength > 0) {
      process.stderr.once('drain', () => this.restore())
      return
    }
    const fd = this.#fd
    this.#fd = undefined
    binding().replaceFd(fd, 2)
    binding().closeFd(fd)
    process.stderr.off('error', this.#ignore)
  }
}
