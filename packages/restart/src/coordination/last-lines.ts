import { StringDecoder } from 'node:string_decoder'

const MOST_LINES = 20
const MOST_CHARACTERS = 1_000

/** Keeps the last lines of what a process writes, however much that is. */
export class LastLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #lines: string[] = []
  #rest = ''

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    // A line without an end must not grow for ever.
    this.#rest = lines.pop()!.slice(0, MOST_CHARACTERS)
    this.#lines.push(...lines.slice(-MOST_LINES).map((line) => line.slice(0, MOST_CHARACTERS)))
    this.#lines.splice(0, this.#lines.length - MOST_LINES)
  }

  /** All lines, and the last one also if it has no end. */
  take(): string[] {
    const last = this.#rest + this.#decoder.end()
    return last === '' ? [...this.#lines] : [...this.#lines, last].slice(-MOST_LINES)
  }
}
