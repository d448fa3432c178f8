import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { WorkerCommand, WorkerReport, WorkerSettings } from './messages.js'

/** The forwarding thread could not start, or ended by itself. `code` is the system's where it said no. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = hint
  }
}

/** The main thread's end of the forwarding thread. */
export class ForwardingWorker {
  /** What the device can do: `raw` super-packets, or `off`. */
  readonly offload: string
  /** Rejects when the thread ends without having been asked to; never resolves. */
  readonly failed: Promise<never>
  readonly #worker: Worker
  readonly #exited: Promise<void>
  #stopping = false

  private constructor(worker: Worker, offload: string, onReport: (report: WorkerReport) => void) {
    this.#worker = worker
    this.offload = offload
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
    this.failed = new Promise((_, reject) => {
      worker.on('message', (report: WorkerReport) => {
        if (report.type === 'failed') reject(new WorkerError(report.code, report.message, report.hint))
        else onReport(report)
      })
      worker.once('error', (cause) => reject(crashed(cause)))
      worker.once('exit', (code) => {
        if (!this.#stopping) reject(exited(code))
      })
    })
    // Whoever cares awaits `failed`; a failure during stop is nobody's unhandled rejection.
    this.failed.catch(() => undefined)
  }

  /**
   * Starts the thread and waits until it holds the device's queue. Nothing is forwarded yet.
   *
   * @throws {WorkerError} `EBUSY` when another process holds the queue, `EPERM`, `ENOENT`, … as `openTun` says;
   *   `ERR_WORKER_CRASHED`, `ERR_WORKER_EXITED` when the thread ends without a word.
   */
  static async attach(
    settings: WorkerSettings,
    onReport: (report: WorkerReport) => void = () => undefined,
  ): Promise<ForwardingWorker> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: settings,
      name: 'fish-forward',
    })
    const report = await firstReport(worker)
    if (report.type === 'failed') throw new WorkerError(report.code, report.message, report.hint)
    if (report.type !== 'attached') throw new WorkerError('ERR_WORKER_PROTOCOL', `unexpected ${report.type}`)
    return new ForwardingWorker(worker, report.offload, onReport)
  }

  /** Begins to forward. Call it when the host is ready. */
  forward(): void {
    this.#send({ type: 'forward' })
  }

  /** Stops forwarding, gives every lease back and closes the queue. Resolves when the thread has ended, by itself or by this. */
  async stop(): Promise<void> {
    if (!this.#stopping) this.#send({ type: 'stop' })
    this.#stopping = true
    await this.#exited
  }

  #send(command: WorkerCommand): void {
    this.#worker.postMessage(command)
  }
}

/** What the thread says first. Rejects if it ends before. */
async function firstReport(worker: Worker): Promise<WorkerReport> {
  const settled = new AbortController()
  const { signal } = settled
  try {
    const said = once(worker, 'message', { signal }).then(([report]) => report as WorkerReport)
    const ended = once(worker, 'exit', { signal }).then(([code]) => exited(code))
    const first = await Promise.race([said, ended])
    if (first instanceof WorkerError) throw first
    return first
  } catch (error) {
    throw error instanceof WorkerError ? error : crashed(error)
  } finally {
    settled.abort()
  }
}

function crashed(cause: unknown): WorkerError {
  return new WorkerError('ERR_WORKER_CRASHED', String(cause), undefined, { cause })
}

function exited(code: number): WorkerError {
  return new WorkerError('ERR_WORKER_EXITED', `the forwarding thread ended (${code})`)
}
