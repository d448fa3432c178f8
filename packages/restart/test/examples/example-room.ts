import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { type InstanceStatus, requestStatus } from '../../src/index.js'

export interface CommandEnd {
  status: number | null
  stdout: string
  stderr: string
}

const command = fileURLToPath(new URL('../../bin/restart.js', import.meta.url))

export function exampleAt(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
}

/** A folder in which a user runs examples; every process that came of it is gone when the room is closed. */
export class ExampleRoom implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'restart-example-'))
  readonly control = join(this.folder, 'control.sock')
  readonly #programs: ChildProcess[] = []

  /** What all programs get; it tells them from all other processes, and a program that others start needs it too. */
  readonly env: Record<string, string> = { EXAMPLE_FOLDER: this.folder }

  /** Starts a program that stays. */
  launch(file: string, ...words: string[]): Running {
    const child = spawn(file, words, { cwd: this.folder, env: { ...process.env, ...this.env } })
    this.#programs.push(child)
    return new Running(child)
  }

  /** Starts an example; resolves when an instance serves at the control socket. */
  async serve(name: string, ...words: string[]): Promise<Running> {
    const running = this.launch(process.execPath, exampleAt(name), ...words)
    const serves = async () => running.hasEnded || (await this.status()).state === 'serving'
    await waitFor(serves, { timeoutMs: 15_000, message: `${name} to serve` })
    if (running.hasEnded) throw new Error(`${name} has ended; it wrote: ${running.output}`)
    return running
  }

  /** Runs an example, or a command of it, to its end. */
  async run(name: string, ...words: string[]): Promise<CommandEnd> {
    return this.#end(exampleAt(name), words)
  }

  /** `npx restart --socket control.sock`, and expects that it works. */
  async restart(): Promise<void> {
    const { status, stderr } = await this.#end(command, ['--socket', this.control])
    if (status !== 0) throw new Error(`restart exited with ${status}: ${stderr}`)
  }

  status(): Promise<InstanceStatus> {
    return requestStatus({ path: this.control })
  }

  /** Of the socket of this name, or the only one. */
  async port(): Promise<number> {
    const [socket] = (await this.status()).sockets
    return (socket!.address as { port: number }).port
  }

  /** All processes that were started here and run. */
  living(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && this.#isOurs(name))
      .map(Number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await waitFor(
      () => {
        for (const pid of this.living()) kill(pid, 'SIGKILL')
        return this.living().length === 0
      },
      { message: 'the end of all processes', timeoutMs: 15_000 },
    )
    for (const { stdin, stdout, stderr } of this.#programs) {
      for (const stream of [stdin, stdout, stderr]) stream?.destroy()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #end(script: string, words: string[]): Promise<CommandEnd> {
    const running = this.launch(process.execPath, script, ...words)
    const status = await running.ended()
    const { stdout, stderr } = running
    return { status, stdout, stderr }
  }

  // A companion has no environment, but the folder among its words.
  #isOurs(pid: string): boolean {
    const has = (name: string, text: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').includes(text)
    try {
      return has('environ', `EXAMPLE_FOLDER=${this.folder}\0`) || has('cmdline', this.folder)
    } catch {
      return false
    }
  }
}

/** A program that was launched, and what it and its successors write. */
export class Running {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #closed: Promise<unknown>

  constructor(child: ChildProcess) {
    this.child = child
    child.stdin!.on('error', () => {})
    child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.#closed = once(child, 'close')
  }

  get pid(): number {
    return this.child.pid!
  }

  get output(): string {
    return this.stdout + this.stderr
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  say(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  waitForOutput(text: string): Promise<unknown> {
    return waitFor(() => this.output.includes(text), { timeoutMs: 15_000, message: text }).catch((cause) => {
      throw new Error(`it did not write "${text}", but: ${this.output}`, { cause })
    })
  }

  /** Its exit status, once it has closed its output too. */
  async ended(): Promise<number | null> {
    await waitFor(() => Promise.race([this.#closed, undefined]), { timeoutMs: 20_000, message: 'its end' })
    return this.child.exitCode
  }
}

/** One request on a connection of its own. */
export function ask(port: number, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      response.once('end', () => resolve(text))
      response.once('error', reject)
    })
    asking.once('error', reject)
  })
}

/** Asks again and again, on two connections at a time, until `stop()` gives all answers and all errors. */
export function askOn(port: number): {
  stop(): Promise<{ answers: string[]; errors: NodeJS.ErrnoException[] }>
} {
  const answers: string[] = []
  const errors: NodeJS.ErrnoException[] = []
  let isOver = false
  const loop = async () => {
    while (!isOver) {
      await ask(port).then(
        (answer) => answers.push(answer),
        (error) => errors.push(error),
      )
      // Leaves the machine something for the versions that start.
      await pause(2)
    }
  }
  const loops = [loop(), loop()]
  return {
    async stop() {
      const before = answers.length
      // At least one answer of what serves at the end.
      await waitFor(() => answers.length > before, { timeoutMs: 15_000, message: 'one more answer' })
      isOver = true
      await Promise.all(loops)
      return { answers, errors }
    },
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}
