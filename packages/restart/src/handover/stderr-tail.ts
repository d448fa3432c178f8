const MAX_LINES = 40
const MAX_BYTES = 16_384

/** The end of what was written, whatever the amount. */
export class StderrTail {
  #bytes = Buffer.alloc(0)

  add(chunk: Buffer): void {
    const kept = this.#bytes.subarray(-MAX_BYTES)
    this.#bytes = Buffer.concat([kept, chunk.subarray(-MAX_BYTES)])
  }

  /** At most 40 lines of together at most 16 KiB; the first one may have lost its beginning. */
  lines(): string[] {
    const text = this.#bytes.subarray(-MAX_BYTES).toString('utf8')
    const lines = text.split(/\r?\n/)
    if (lines.at(-1) === '') lines.pop()
    return lines.slice(-MAX_LINES)
  }
}
