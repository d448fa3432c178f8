import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { binding } from '../src/binding.js'
import type { DrainReport } from '../src/drain/drain-report.js'

const program = fileURLToPath(new URL('./programs/drain-generation.mjs', import.meta.url))

/**
 *     listening socket (this process) ──┬────────┬────────┐
 *                                       ▼        ▼        ▼
 *                                  g0 ══pair══ g1 ══pair══ g2 …     a process each; connections go to the right
 */
export class DrainGenerations implements AsyncDisposable {
  readonly port: number
  readonly #listener: number
  readonly #children: ChildProcess[] = []
  /** Leads from the newest generation to the one that is still to come. */
  #next: number

  constructor() {
    this.#listener = binding().listenTcp('127.0.0.1', 0, 511, 0)
    const { local } = binding().describeFd(this.#listener) as { local: { port: number } }
    this.port = local.port
    const [closed, next] = binding().socketPair('seqpacket')
    binding().closeFd(closed)
    this.#next = next
  }

  get newest(): string {
    return `g${this.#children.length - 1}`
  }

  /** Starts the next version beside the one there is. */
  async start(): Promise<void> {
    const [older, newer] = binding().socketPair('seqpacket')
    const child = spawn(process.execPath, [program, `g${this.#children.length}`], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', this.#listener, this.#next, older],
    })
    binding().closeFd(this.#next)
    binding().closeFd(older)
    this.#next = newer
    this.#children.push(child)
    await message(child)
  }

  /** Has the second newest drain; resolves when its process has ended. */
  async drainOld(): Promise<DrainReport> {
    const child = this.#children.at(-2)!
    const ended = once(child, 'exit')
    child.send('drain')
    const { report } = (await message(child)) as { report: DrainReport }
    await ended
    return report
  }

  send(generation: number, text: string): void {
    this.#children[generation]!.send(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    binding().closeFd(this.#listener)
    binding().closeFd(this.#next)
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
  }
}

async function message(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const { signal } = stop
  try {
    const [value] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the child ended with ${code} before it said anything`)
      }),
    ])
    return value
  } finally {
    stop.abort()
  }
}
