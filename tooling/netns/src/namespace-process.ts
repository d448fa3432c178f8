import type { ChildProcess } from 'node:child_process'
import type { Writable } from 'node:stream'
import { NetnsError } from './netns-error.js'
import { waitFor } from './wait-for.js'

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process that runs in a namespace until it is stopped, at the latest when the lab closes. */
export class NamespaceProcess {
  /** What the process is, for messages. */
  readonly title: string
  /** Settles when the process has ended and its output has been collected; never rejects. */
  readonly exited: Promise<ProcessEnd>
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #end: ProcessEnd | undefined

  /** Takes over a process that has just been started. */
  constructor(child: ChildProcess, title: string) {
    this.#child = child
    this.title = title
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text
    })
    child.stdin?.on('error', () => {})
    this.exited = new Promise((resolve) => {
      let patience: NodeJS.Timeout | undefined
      const finish = (code: number | null, signal: NodeJS.Signals | null) => {
        clearTimeout(patience)
        this.#end ??= { code, signal }
        resolve(this.#end)
      }
      child.once('close', finish)
      // A grandchild can keep the pipes open for ever, and then there is no 'close'.
      child.once('exit', (code, signal) => {
        patience = setTimeout(finish, 1_000, code, signal)
      })
      child.on('error', (error) => {
        this.#stderr += error.message
        if (child.pid === undefined) finish(null, null)
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Null if the process was given no standard input. */
  get stdin(): Writable | null {
    return this.#child.stdin
  }

  /** Everything written to standard output so far. */
  get stdout(): string {
    return this.#stdout
  }

  /** Everything written to standard error so far. */
  get stderr(): string {
    return this.#stderr
  }

  /** How the process ended; undefined while it runs. */
  get end(): ProcessEnd | undefined {
    return this.#end
  }

  /**
   * Resolves with the first match in standard output, or else in standard error, past output included.
   *
   * Default deadline 5,000 ms. Rejects with `ERR_TIMEOUT`, or with `ERR_PROCESS_ENDED` as soon as the
   * process has ended without the match.
   */
  async waitForOutput(
    pattern: RegExp,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<RegExpExecArray> {
    const stateless = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''))
    const find = () => stateless.exec(this.#stdout) ?? stateless.exec(this.#stderr)
    try {
      const found = await waitFor(() => find() ?? this.#end, options)
      if (Array.isArray(found)) return found as RegExpExecArray
    } catch (error) {
      options.signal?.throwIfAborted()
      const message = `${this.title} did not print ${pattern} in time${this.output()}`
      throw new NetnsError('ERR_TIMEOUT', message, {
        stdout: this.#stdout,
        stderr: this.#stderr,
        cause: error,
      })
    }
    throw this.endedError(`before it printed ${pattern}`)
  }

  /** Sends the signal (default SIGTERM), and SIGKILL to a process that is still there 5 s later. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessEnd> {
    if (this.#end) return this.#end
    this.#child.kill(signal)
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    try {
      return await this.exited
    } finally {
      clearTimeout(insist)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop().then(() => {})
  }

  /** The error for a process of which more was expected. */
  endedError(when: string): NetnsError {
    const { code, signal } = this.#end ?? { code: null, signal: null }
    const how = signal ?? (code === null ? 'could not be started' : `exit code ${code}`)
    const details = { exitCode: code, signal, stdout: this.#stdout, stderr: this.#stderr }
    return new NetnsError('ERR_PROCESS_ENDED', `${this.title} ended ${when}: ${how}${this.output()}`, details)
  }

  /** The last of what was printed, for messages. */
  output(): string {
    const part = (title: string, text: string) =>
      text.trim() ? `\n${title}:\n${text.trim().slice(-4_000)}` : ''
    return part('stdout', this.#stdout) + part('stderr', this.#stderr)
  }
}
