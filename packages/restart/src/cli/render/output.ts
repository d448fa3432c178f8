import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Where the command prints to. */
export interface Output {
  /** The result; waits while the reader is slow. */
  print(text: string): Promise<void>
  /** For people, beside the result. */
  note(text: string): void
}

export function outputTo(stdout: Writable, stderr: Writable): Output {
  return {
    async print(text) {
      if (!stdout.write(`${text}\n`)) await once(stdout, 'drain')
    },
    note(text) {
      stderr.write(`${text}\n`)
    },
  }
}
