import type { Writable } from 'node:stream'

/** Where the command prints to. */
export interface Output {
  /** The result; waits while the reader is slow. */
  print(text: string): Promise<void>
  /** For people, beside the result. */
  note(text: string): void
}

/** Who reads may have had enough, as in `restart status | head`: what is done goes on, and its exit status is told. */
export function outputTo(stdout: Writable, stderr: Writable): Output {
  for (const stream of [stdout, stderr]) stream.on('error', () => {})
  return {
    print: (text) => new Promise((resolve) => stdout.write(`${text}\n`, () => resolve())),
    note(text) {
      stderr.write(`${text}\n`)
    },
  }
}
