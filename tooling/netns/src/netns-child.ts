import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ChildError, rebuildError } from './child-error.js'
import { NamespaceProcess, type ProcessEnd } from './namespace-process.js'
import { NetnsError } from './netns-error.js'
import { withCaller } from './stack.js'

export interface EnterOptions {
  /** Limit for the import and for each call; the child is killed when it passes. Default 20,000 ms. */
  readonly timeoutMs?: number
  /** Flags for Node, such as `--expose-gc`. */
  readonly execArgv?: readonly string[]
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: ChildError
}

interface Pending {
  readonly when: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

const runner = fileURLToPath(new URL('./case-runner.mjs', import.meta.url))
const ready = 0

/**
 * A Node process inside a namespace that has imported one module and calls its exports.
 *
 * It ends when it is closed, when the lab closes, and by itself when this process dies.
 */
export class NetnsChild {
  readonly #process: NamespaceProcess
  readonly #child: ChildProcess
  readonly #timeoutMs: number
  readonly #pending = new Map<number, Pending>()
  #lastId = ready

  /** Forks the child and resolves when its module is imported. Equals `ip netns exec NAME node ...`. */
  static async start(
    namespace: string,
    name: string,
    module: URL,
    options: EnterOptions,
  ): Promise<NetnsChild> {
    const caller = new Error()
    const child = new NetnsChild(namespace, name, module, options)
    try {
      await child.#reply(ready, 'during its import')
      return child
    } catch (error) {
      await child.kill()
      throw withCaller(error, caller)
    }
  }

  private constructor(namespace: string, name: string, module: URL, options: EnterOptions) {
    const { timeoutMs = 20_000, execArgv = [], env = {} } = options
    const child = fork(runner, [module.href], {
      execPath: 'ip',
      execArgv: ['netns', 'exec', name, process.execPath, '--enable-source-maps', ...execArgv],
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const file = module.pathname.split('/').at(-1)
    this.#process = new NamespaceProcess(child, `the child in namespace '${namespace}' (${file})`)
    this.#timeoutMs = timeoutMs
    this.#child = child
    child.on('message', (message) => this.#settle(message as Reply))
    this.exited.then(() => {
      for (const { when, reject } of this.#pending.values()) {
        reject(this.#process.endedError(`without a message ${when}`))
      }
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Everything the child has printed to standard output so far. */
  get stdout(): string {
    return this.#process.stdout
  }

  /** Everything the child has printed to standard error so far. */
  get stderr(): string {
    return this.#process.stderr
  }

  /** Settles when the child has ended; never rejects. */
  get exited(): Promise<ProcessEnd> {
    return this.#process.exited
  }

  /**
   * Runs an exported function in the child; arguments and result are structured clones.
   *
   * Several calls may be under way at once. Rejects with the error of the function rebuilt (`code`, `errno`,
   * `syscall`, `hint`, `actual`, `expected` and the child's stack), with `ERR_PROCESS_ENDED` when the child
   * ended without an answer, and with `ERR_TIMEOUT` after it was killed for giving none.
   */
  async call<T = unknown>(exportName: string, ...args: unknown[]): Promise<T> {
    const caller = new Error()
    this.#lastId += 1
    const id = this.#lastId
    try {
      if (this.#process.end) throw this.#process.endedError(`before the call of ${exportName}`)
      const reply = this.#reply(id, `during ${exportName}`)
      this.#send(id, { id, exportName, args })
      return (await reply) as T
    } catch (error) {
      throw withCaller(error, caller)
    }
  }

  /** Sends the signal (default SIGKILL) and resolves when the child has ended. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessEnd> {
    return this.#process.stop(signal)
  }

  /** Lets the child run its exit hooks and end; kills it after 5 s. A second close does nothing. */
  async close(): Promise<void> {
    // Disconnecting instead would keep Node from ever emitting 'close'.
    this.#send(ready, { exit: true })
    const insist = setTimeout(() => this.kill(), 5_000)
    await this.exited
    clearTimeout(insist)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reply(id: number, when: string): Promise<unknown> {
    let deadline: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { when, resolve, reject })
        deadline = setTimeout(() => this.#giveUp(when, reject), this.#timeoutMs)
      })
    } finally {
      clearTimeout(deadline)
      this.#pending.delete(id)
    }
  }

  async #giveUp(when: string, reject: (error: unknown) => void): Promise<void> {
    const { title } = this.#process
    const message = `${title} was killed: no message for ${this.#timeoutMs} ms ${when}`
    reject(
      new NetnsError('ERR_TIMEOUT', message + this.#process.output(), {
        stdout: this.stdout,
        stderr: this.stderr,
      }),
    )
    await this.kill()
  }

  #send(id: number, message: object): void {
    try {
      // A send that fails later means that the child has ended, which rejects the call by itself.
      this.#child.send(message, () => {})
    } catch (error) {
      this.#pending.get(id)?.reject(error)
    }
  }

  #settle({ id, value, error }: Reply): void {
    const pending = this.#pending.get(id)
    if (error) pending?.reject(rebuildError(error))
    else pending?.resolve(value)
  }
}
