import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Where a command prints to. */
export interface Output {
  /** Waits while the reader is slow, so that nothing piles up. */
  print(text: string): Promise<void>
  /** For people, beside the result. */
  note(text: string): void
}

export function outputTo(stdout: Writable, stderr: Writable): Output {
  return {
    async print(text) {
      if (text !== '' && !stdout.write(`${text}\n`)) await once(stdout, 'drain')
    },
    note(text) {
      stderr.write(`${text}\n`)
    },
  }
}
