import type { Notification } from '../systemd/notification.js'
import type { ServiceManager } from '../systemd/service-manager.js'

/** For the service manager to act on a notification; the restart goes on without it then. */
const BARRIER_TIMEOUT_MS = 5_000

/** What the service manager is told. A service does not end because its manager is away. */
export class ManagerReport {
  readonly #manager: ServiceManager | undefined
  readonly #report: (error: Error) => void
  #stopWatchdog: (() => void) | undefined

  constructor(manager: ServiceManager | undefined, report: (error: Error) => void) {
    this.#manager = manager?.present ? manager : undefined
    this.#report = report
  }

  say(notification: Notification): void {
    try {
      this.#manager?.notify(notification)
    } catch (error) {
      this.#report(error as Error)
    }
  }

  /** Resolves when the manager knows who the main process is, or does not answer. */
  async introduce(pid: number, generation: number): Promise<void> {
    if (this.#manager === undefined) return
    // Words of a process that is not the main one any more are refused, and logged.
    if (pid !== process.pid) this.stopWatchdog()
    this.say({ ready: true, mainPid: pid, status: `process ${pid} serves, generation ${generation}` })
    try {
      await this.#manager.barrier({ timeoutMs: BARRIER_TIMEOUT_MS })
    } catch (error) {
      this.#report(error as Error)
    }
    if (pid === process.pid) this.startWatchdog()
  }

  /** Only as the main process: words of another are refused. */
  startWatchdog(): void {
    try {
      this.#stopWatchdog ??= this.#manager?.startWatchdog()
    } catch (error) {
      this.#report(error as Error)
    }
  }

  stopWatchdog(): void {
    this.#stopWatchdog?.()
    this.#stopWatchdog = undefined
  }

  close(): void {
    this.stopWatchdog()
    this.#manager?.close()
  }
}
