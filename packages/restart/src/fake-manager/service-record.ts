import { managerBinding } from '../supervise/manager-binding.js'
import { parseNotification, type ReceivedNotification } from '../supervise/received-notification.js'
import type { FakeManagerSettings } from './fake-manager-options.js'
import { openProcessHandle, type ProcessHandle } from './process-handle.js'
import { StoredDescriptors } from './stored-descriptors.js'

/** What the manager takes the service for. */
export type ServiceState = 'inactive' | 'starting' | 'running' | 'reloading' | 'stopping' | 'failed'

/** How a process ended: one of the two is null. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How a main process of the service ended; both null if it was no child of the manager. */
export interface ProcessEnd extends ExitStatus {
  readonly pid: number
}

/** What the manager knows of the service: its main process, what it said, what it stored. Says when any of that has changed. */
export class ServiceRecord {
  readonly notifications: ReceivedNotification[] = []
  readonly ends: ProcessEnd[] = []
  readonly stored: StoredDescriptors
  state: ServiceState = 'inactive'
  status = ''
  watchdogFirings = 0
  #main: ProcessHandle | undefined
  #watchdog: NodeJS.Timeout | undefined

  constructor(
    readonly settings: FakeManagerSettings,
    readonly changed: () => void,
  ) {
    this.stored = new StoredDescriptors(settings.fdStoreMax)
  }

  get main(): ProcessHandle | undefined {
    return this.#main
  }

  /** Takes `process` for the service until it ends or another one is. */
  follow(process: ProcessHandle, exited: Promise<ExitStatus>): void {
    this.#main = process
    exited.then((exit) => {
      process.close()
      if (this.#main !== process) return
      this.#main = undefined
      clearTimeout(this.#watchdog)
      this.ends.push({ pid: process.pid, ...exit })
      if (this.state !== 'stopping') this.state = exit.code === 0 ? 'inactive' : 'failed'
      this.changed()
    })
  }

  receive(bytes: Uint8Array, fds: number[], sender: Pick<ReceivedNotification, 'pid' | 'uid' | 'gid'>): void {
    const fields = parseNotification(bytes)
    const accepted = this.settings.notifyAccess === 'all' || sender.pid === this.#main?.pid
    this.notifications.push({ ...sender, accepted, fields, fds: fds.length })
    // A barrier is open to everybody: whoever is refused must not wait forever.
    if (accepted && fields.BARRIER === undefined) this.#act(fields, fds)
    else closeAll(fds)
    this.changed()
  }

  stopWatchdog(): void {
    clearTimeout(this.#watchdog)
  }

  close(): void {
    this.stopWatchdog()
    this.#main?.close()
    this.#main = undefined
    this.stored.clear()
    this.changed()
  }

  #act(fields: Record<string, string>, fds: number[]): void {
    if (fields.FDSTORE === '1') this.stored.add(fields.FDNAME || 'stored', fds, fields.FDPOLL !== '0')
    else closeAll(fds)
    if (fields.FDSTOREREMOVE === '1' && fields.FDNAME) this.stored.remove(fields.FDNAME)
    if (fields.MAINPID !== undefined) this.#followPid(Number(fields.MAINPID))
    if (fields.STATUS !== undefined) this.status = fields.STATUS
    if (fields.RELOADING === '1') this.state = 'reloading'
    if (fields.STOPPING === '1') this.state = 'stopping'
    if (fields.READY === '1') {
      if (this.state === 'starting') this.#armWatchdog()
      this.state = 'running'
    }
    if (fields.WATCHDOG === '1') this.#armWatchdog()
    if (fields.WATCHDOG === 'trigger') this.#fireWatchdog()
  }

  #followPid(pid: number): void {
    if (pid === this.#main?.pid) return
    const process = Number.isInteger(pid) && pid > 1 ? openProcessHandle(pid) : undefined
    if (process === undefined) return
    const exited = process.ended.then(() => ({ code: null, signal: null }))
    this.follow(process, exited)
  }

  #armWatchdog(): void {
    clearTimeout(this.#watchdog)
    const { watchdogMs } = this.settings
    if (watchdogMs > 0) this.#watchdog = setTimeout(() => this.#fireWatchdog(), watchdogMs).unref()
  }

  #fireWatchdog(): void {
    clearTimeout(this.#watchdog)
    this.watchdogFirings++
    this.#main?.kill('SIGABRT')
    this.changed()
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) managerBinding().closeFd(fd)
}
