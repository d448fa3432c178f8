import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RestartError } from '../errors/restart-error.js'
import { openNotifySocket } from '../supervise/notify-socket.js'
import type { ReceivedNotification } from '../supervise/received-notification.js'
import { Changes, type WaitOptions } from './changes.js'
import {
  type FakeManagerOptions,
  type FakeManagerSettings,
  fakeManagerSettings,
} from './fake-manager-options.js'
import { openProcessHandle, type ProcessHandle } from './process-handle.js'
import { type CommandEnd, runCommand } from './run-command.js'
import {
  checkServiceCommand,
  passedDescriptors,
  type ServiceCommand,
  serviceEnvironment,
  spawnService,
} from './service-command.js'
import { serviceProcesses } from './service-processes.js'
import { type ExitStatus, type ProcessEnd, ServiceRecord, type ServiceState } from './service-record.js'

/**
 * Opens a stand-in for systemd that runs one service of Type=notify: for tests of programs that use this package, without systemd and
 * without root.
 *
 * It has a notify socket that sees who sends, an fd store, socket activation, a watchdog; it follows MAINPID and honours BARRIER. It
 * knows nothing of units, control groups and start limits, and starts a crashed service only when told to. Requires Linux 5.3.
 *
 * ```ts
 * await using manager = await openFakeManager({ fdStoreMax: 16 })
 * await manager.start({ command: [process.execPath, 'server.js'], sockets: { http: fd } }) // resolves at READY=1
 * await manager.crash()
 * await manager.revive() // with what was stored
 * ```
 *
 * Throws a TypeError or RangeError for wrong options, and RestartErrors of the errno's name.
 */
export async function openFakeManager(options: FakeManagerOptions = {}): Promise<FakeManager> {
  const settings = fakeManagerSettings(options)
  return new FakeManager(await mkdtemp(join(tmpdir(), 'fake-manager-')), settings)
}

/** See {@link openFakeManager}. */
export class FakeManager implements AsyncDisposable {
  /** `$NOTIFY_SOCKET` of the service. */
  readonly address: string
  readonly #folder: string
  readonly #changes = new Changes()
  readonly #record: ServiceRecord
  readonly #socket: { close(): void }
  readonly #children = new Set<ChildProcess>()
  readonly #killAtExit = () => this.#killAll()
  #service: ServiceCommand | undefined
  #output = ''
  #closing: Promise<void> | undefined

  /** @internal */
  constructor(folder: string, settings: FakeManagerSettings) {
    this.#folder = folder
    // The name of the folder is unlike any other.
    this.address = settings.abstract ? `@${folder}` : join(folder, 'notify')
    this.#record = new ServiceRecord(settings, () => this.#changes.announce())
    this.#socket = openNotifySocket(this.address, (...message) => this.#record.receive(...message))
    process.once('exit', this.#killAtExit)
  }

  get state(): ServiceState {
    return this.#record.state
  }

  /** The process that the manager takes for the service; undefined when none is alive. */
  get mainPid(): number | undefined {
    return this.#record.main?.pid
  }

  /** STATUS= of the service. */
  get status(): string {
    return this.#record.status
  }

  /** Everything that arrived, in order, refused ones and barriers too. */
  get notifications(): readonly ReceivedNotification[] {
    return this.#record.notifications
  }

  /** Ends of main processes, in order. */
  get ends(): readonly ProcessEnd[] {
    return this.#record.ends
  }

  /** How many descriptors are stored under each name. */
  get stored(): ReadonlyMap<string, number> {
    return this.#record.stored.counts
  }

  /** How often the watchdog has fired. */
  get watchdogFirings(): number {
    return this.#record.watchdogFirings
  }

  /** What the service and its successors have printed, both streams. */
  get output(): string {
    return this.#output
  }

  /**
   * Starts the service, and resolves when it has said READY=1.
   *
   * Rejects with `ERR_RESTART_SERVICE_FAILED` when it ends before that, with what it printed; with `ERR_RESTART_TIMEOUT` after killing
   * it; with `ERR_RESTART_SERVICE_STATE` when it is running already.
   */
  async start(service: ServiceCommand, options?: WaitOptions): Promise<void> {
    checkServiceCommand(service)
    if (this.#record.main !== undefined) throw wrongState('the service is running already')
    this.#service = service
    await this.#start(service, options)
  }

  /** Starts the service again, with its sockets and all that is stored: what Restart= does after a crash. Rejects as {@link start}. */
  async revive(options?: WaitOptions): Promise<void> {
    if (this.#service === undefined) throw wrongState('no service was started yet')
    if (this.#record.main !== undefined) throw wrongState('the service is running: crash() it first')
    await this.#start(this.#service, options)
  }

  /** Kills the main process with SIGKILL, and resolves when it is gone. */
  async crash(): Promise<void> {
    const { main } = this.#record
    if (main === undefined) throw wrongState('the service is not running')
    main.kill('SIGKILL')
    await this.waitFor('the main process to be gone', () => this.#record.main !== main)
  }

  /** Sends a signal to the main process; false if there is none. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#record.main?.kill(signal) ?? false
  }

  /**
   * Runs ExecReload=: a command with the environment of the service and `$MAINPID`, to its end.
   *
   * Rejects with `ERR_RESTART_TIMEOUT` after killing it, never for its exit status.
   */
  async reload(command: readonly string[], options: WaitOptions = {}): Promise<CommandEnd> {
    checkServiceCommand({ command })
    const service = this.#service ?? { command }
    const env = serviceEnvironment(service, {
      NOTIFY_SOCKET: this.address,
      MAINPID: String(this.mainPid ?? ''),
    })
    return runCommand(command, { env, cwd: service.cwd }, options)
  }

  /**
   * Stops the service as KillMode=control-group does: SIGTERM to all of its processes, SIGKILL to those that are left after
   * `timeoutMs`. The store is emptied. Resolves when all are gone, with whether some had to be killed.
   */
  async stop(options: WaitOptions = {}): Promise<{ forced: boolean }> {
    const record = this.#record
    record.state = 'stopping'
    record.stopWatchdog()
    const processes = serviceProcesses(this.address)
    try {
      for (const process of processes) process.kill('SIGTERM')
      const gone = Promise.all(processes.map(({ ended }) => ended)).then(() => this.#changes.announce())
      const forced = await this.waitFor('the service to stop', () => allGone(processes), options).then(
        () => false,
        (error) => {
          if ((error as RestartError).code !== 'ERR_RESTART_TIMEOUT') throw error
          return true
        },
      )
      for (const process of processes) process.kill('SIGKILL')
      await gone
      await this.waitFor('the main process to be gone', () => record.main === undefined)
      record.stored.clear()
      record.state = 'inactive'
      return { forced }
    } finally {
      for (const process of processes) process.close()
    }
  }

  /** Resolves when `condition` gives a value other than undefined and false, with it; looked at after everything that happens. */
  waitFor<T>(
    what: string,
    condition: (manager: this) => T,
    options?: WaitOptions,
  ): Promise<Exclude<T, undefined | false>> {
    return this.#changes.waitFor(what, () => condition(this), options)
  }

  /** Kills every process of the service, and closes what is stored. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    process.removeListener('exit', this.#killAtExit)
    // One that is being started by another is found in the next round.
    for (let left = this.#killAll(); left.length > 0; left = this.#killAll()) {
      await Promise.all(left.map(({ ended }) => ended))
      for (const process of left) process.close()
    }
    for (const { stdout, stderr } of this.#children) {
      stdout?.destroy()
      stderr?.destroy()
    }
    this.#socket.close()
    this.#record.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #killAll(): ProcessHandle[] {
    const processes = serviceProcesses(this.address)
    for (const process of processes) process.kill('SIGKILL')
    return processes
  }

  async #start(service: ServiceCommand, options: WaitOptions | undefined): Promise<void> {
    const record = this.#record
    record.stored.dropHungUp()
    record.state = 'starting'
    record.status = ''
    const passed = passedDescriptors(service, record.stored.entries)
    const child = spawnService(service, this.address, record.settings, passed)
    this.#collect(child)
    let end: ExitStatus | undefined
    const exited = exitOf(child)
    const main = child.pid === undefined ? undefined : openProcessHandle(child.pid)
    if (main === undefined) {
      record.state = 'failed'
      await exited
      throw wrongState('the process ended while it was started')
    }
    record.follow(main, exited)
    exited.then((exit) => {
      end = exit
      this.#changes.announce()
    })
    const ready = () => {
      if (record.state === 'running' || record.state === 'reloading') return true
      if (end !== undefined && record.main === undefined) throw endedEarly(end, this.#output)
      return false
    }
    await this.waitFor('READY=1', ready, options).catch((error) => {
      main.kill('SIGKILL')
      throw error
    })
  }

  #collect(child: ChildProcess): void {
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.#output += text
        this.#changes.announce()
      })
    }
  }
}

function exitOf(child: ChildProcess): Promise<ExitStatus> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

function allGone(processes: readonly ProcessHandle[]): boolean {
  return processes.every(({ alive }) => !alive)
}

function endedEarly({ code, signal }: ExitStatus, output: string): RestartError {
  return new RestartError(
    `The service ended before READY=1: ${signal ?? `exit status ${code}`}\n${output.trimEnd()}`,
    { code: 'ERR_RESTART_SERVICE_FAILED' },
  )
}

function wrongState(what: string): RestartError {
  return new RestartError(`The fake manager cannot do that: ${what}`, { code: 'ERR_RESTART_SERVICE_STATE' })
}
