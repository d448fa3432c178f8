import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { constants } from 'node:os'
import { debuglog } from 'node:util'
import { binding } from '../binding.js'
import { checkInteger, checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { systemError } from '../errors/restart-error.js'
import { notifyReadiness } from './notify-readiness.js'
import { openNotifySocket } from './notify-socket.js'
import { type PidFileContent, readPidFile } from './pid-file.js'
import { watchProcess } from './process-watch.js'
import { Reaper } from './reaper.js'
import { parseNotification } from './received-notification.js'

const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const
/** A terminal sends these to all processes in the foreground: forwarded, they would arrive twice. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH']
const MAX_TIMER_MS = 0x7fffffff
/** Only a process that the kernel cannot wake survives SIGKILL for so long. */
const KILL_TIMEOUT_MS = 2_000

const log = debuglog('slatfatf-restart')

/** Options of {@link runAsInit}. */
export interface RunAsInitOptions {
  cwd?: string | undefined
  /** Default: `process.env`. `NOTIFY_SOCKET` is set in either case. */
  env?: NodeJS.ProcessEnv | undefined
  /** How long other processes may go on after the main one has ended. They get SIGTERM, and SIGKILL after it. Default 10,000. */
  graceMs?: number | undefined
  /** For services that do not tell `MAINPID`: when the main process ends, the one in this file is the main one if it runs. */
  pidFile?: string | undefined
  /** Gets a newline when the service has said `READY=1`; see `notifyReadiness`. */
  readinessFd?: number | undefined
}

/**
 * Runs a service as the first process of a container does: stays, though the service replaces itself by newer processes.
 *
 * Signals (TERM, INT, QUIT, HUP, USR1, USR2, WINCH) go to the main process, and what descendants leave behind is reaped. Which process is
 * the main one the service tells as it tells systemd, by `MAINPID=` over `NOTIFY_SOCKET`, and `openInstance` does so by
 * itself. When the main process ends, and has not named another one, the rest gets SIGTERM and `graceMs`, and the promise resolves with
 * the status to exit with: the main process's own, or 128 and the number of the signal that ended it; 1 if its parent took it away.
 *
 * A companion ({@link openCompanion}) is one of the rest, and ends with it: what has to outlive a container lies outside of it.
 *
 * The process must do nothing else: children that others start in it are reaped before Node sees their end. If it is not PID 1 it becomes
 * a subreaper, and nothing is different. On a terminal, INT, QUIT and WINCH come from there and are not forwarded.
 *
 * Equals `tini -- COMMAND`, which a restart would end. Requires Linux 5.3.
 *
 * @throws TypeError, RangeError; RestartError with the errno why the command cannot be started (`ENOENT`, `EACCES`), or `EBADF` if
 *   `readinessFd` is not open
 */
export async function runAsInit(command: readonly string[], options: RunAsInitOptions = {}): Promise<number> {
  checkArguments(command, options)
  if (options.readinessFd !== undefined) requireOpen(options.readinessFd)
  const init = new Init(options)
  try {
    return await init.run(command)
  } finally {
    init.close()
  }
}

class Init {
  readonly #options: RunAsInitOptions
  readonly #statuses = new Map<number, number>()
  readonly #reaper: Reaper
  readonly #notifyAddress = `@restart-init-${randomBytes(12).toString('hex')}`
  readonly #notifySocket: { close(): void }
  readonly #forward = (signal: NodeJS.Signals) => this.#signal(signal)
  readonly #over: Promise<number>
  #end!: (status: number) => void
  // Signal handlers and watches alone would let the process end.
  readonly #stay = setInterval(() => {}, MAX_TIMER_MS)
  #main = 0
  #watch: (() => void) | undefined
  #stopping = false
  #ready = false

  constructor(options: RunAsInitOptions) {
    this.#options = options
    this.#over = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#notifySocket = openNotifySocket(this.#notifyAddress, (bytes, fds, { pid }) => {
      // Closing what comes with BARRIER=1 is the answer to it.
      for (const fd of fds) binding().closeFd(fd)
      if (pid === this.#main) this.#notified(parseNotification(bytes))
    })
    this.#reaper = new Reaper((pid, status) => this.#ended(pid, status))
    for (const signal of FORWARDED) process.on(signal, this.#forward)
  }

  async run([file, ...args]: readonly string[]): Promise<number> {
    const { cwd, env = process.env } = this.#options
    const child = spawn(file!, args, {
      stdio: 'inherit',
      env: { ...env, NOTIFY_SOCKET: this.#notifyAddress },
      ...(cwd === undefined ? {} : { cwd }),
    })
    await started(child, file!)
    const pid = child.pid!
    this.#reaper.expect(pid)
    child.once('exit', (code, signal) => {
      this.#reaper.ended(pid)
      this.#ended(pid, signal === null ? code! : -constants.signals[signal])
    })
    this.#main = pid
    const status = await this.#over
    await this.#stopOthers()
    return status < 0 ? 128 - status : status
  }

  close(): void {
    for (const signal of FORWARDED) process.off(signal, this.#forward)
    this.#watch?.()
    this.#notifySocket.close()
    this.#reaper.close()
    clearInterval(this.#stay)
  }

  #notified(fields: Record<string, string>): void {
    const pid = Number(fields.MAINPID ?? 0)
    if (Number.isInteger(pid) && pid > 1 && pid !== this.#main) this.#follow(pid)
    if (fields.READY !== '1' || this.#ready) return
    this.#ready = true
    if (this.#options.readinessFd !== undefined) notifyReadiness(this.#options.readinessFd)
  }

  #follow(pid: number): boolean {
    // It need not be a child of this process: its parent may be the old instance, as long as that drains.
    const unwatch = watchProcess(pid, () => {
      this.#reaper.reap()
      this.#ended(pid, this.#statuses.get(pid) ?? 1)
    })
    if (unwatch === undefined) return false
    this.#watch?.()
    this.#watch = unwatch
    this.#main = pid
    this.#statuses.clear()
    return true
  }

  #ended(pid: number, status: number): void {
    if (pid !== this.#main) return
    // A watch may call before the end is reaped, and the other way round: the one that knows the status counts.
    if (!this.#statuses.has(pid)) this.#statuses.set(pid, status)
    // The last thing that it said may still be on its way through this turn of the loop.
    setImmediate(() => setImmediate(() => this.#settle(pid)))
  }

  #settle(pid: number): void {
    if (pid !== this.#main || this.#stopping) return
    const named = this.#named()
    if (named?.running && named.pid !== pid && this.#follow(named.pid)) return
    this.#stopping = true
    this.#end(this.#statuses.get(pid)!)
  }

  /** A file that cannot be read names nobody: this process must not end before it has ended all others. */
  #named(): PidFileContent | undefined {
    const { pidFile } = this.#options
    try {
      return pidFile === undefined ? undefined : readPidFile(pidFile)
    } catch (error) {
      log('the PID file is of no use: %O', error)
      return undefined
    }
  }

  async #stopOthers(): Promise<void> {
    const { graceMs = 10_000 } = this.#options
    await this.#endChildren('SIGTERM', graceMs)
    // Each that is killed may leave children of its own behind, which come here.
    await this.#endChildren('SIGKILL', KILL_TIMEOUT_MS)
  }

  async #endChildren(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    const told = new Set<number>()
    const deadline = AbortSignal.timeout(timeoutMs)
    while (this.#reaper.hasChildren && !deadline.aborted) {
      for (const pid of this.#reaper.children()) {
        if (!told.has(pid)) kill(pid, signal)
        told.add(pid)
      }
      this.#reaper.reap()
      if (!this.#reaper.hasChildren) return
      await once(process, 'SIGCHLD', { signal: deadline }).catch(() => {})
    }
  }

  #signal(signal: NodeJS.Signals): void {
    if (process.stdin.isTTY && FROM_TERMINAL.includes(signal)) return
    if (this.#stopping) for (const pid of this.#reaper.children()) kill(pid, signal)
    else if (this.#main > 0) kill(this.#main, signal)
  }
}

async function started(child: ChildProcess, file: string): Promise<void> {
  if (child.pid !== undefined) return
  const [error] = (await once(child, 'error')) as [Error]
  throw systemError(error, `start ${file}`)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

/** Not only when the service is ready: it would end with this process. */
function requireOpen(fd: number): void {
  try {
    fstatSync(fd)
  } catch (error) {
    const hint = 'It must be the number in the notification-fd file of the service'
    throw systemError(error, `tell readiness to descriptor ${fd}`, hint)
  }
}

function checkArguments(command: unknown, options: RunAsInitOptions): void {
  if (!Array.isArray(command)) throw invalidType('command', 'an array of strings', command)
  if (command.length === 0) throw invalidValue('command', 'a program and its arguments', command)
  for (const word of command)
    if (typeof word !== 'string') throw invalidType('command', 'an array of strings', command)
  checkKnown('options', options, ['cwd', 'env', 'graceMs', 'pidFile', 'readinessFd'])
  const { cwd, graceMs, pidFile, readinessFd } = options
  if (cwd !== undefined && typeof cwd !== 'string') throw invalidType('cwd', 'a string', cwd)
  if (pidFile !== undefined && typeof pidFile !== 'string') throw invalidType('pidFile', 'a string', pidFile)
  if (graceMs !== undefined) checkInteger('graceMs', graceMs, MAX_TIMER_MS)
  if (readinessFd !== undefined) checkInteger('readinessFd', readinessFd, MAX_TIMER_MS)
}
