import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'

const script = fileURLToPath(new URL('namespace.sh', import.meta.url))
const ownUnits = fileURLToPath(new URL('units', import.meta.url))

export interface CommandEnd {
  /** -1 when a signal ended it, or it took longer than allowed. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Killed with SIGKILL after this long. Default 20,000 ms. */
  readonly timeoutMs?: number | undefined
  readonly env?: Record<string, string> | undefined
}

/** A systemd that runs as PID 1 of namespaces of its own. */
export interface Systemd extends AsyncDisposable {
  /** A folder at the same path inside and outside, the only one of the machine that can be written inside. Removed at the end. */
  readonly folder: string
  /** PID 1, as the machine counts. */
  readonly pid: number
  /** Writes unit files and drop-ins (`app.service.d/test.conf`), then `systemctl daemon-reload`. */
  writeUnits(units: Record<string, string>): Promise<void>
  /** Never rejects because of an exit status. */
  systemctl(...args: string[]): Promise<CommandEnd>
  /** One property as `systemctl show` prints it. */
  property(unit: string, name: string): Promise<string>
  /** What the unit, or all of them, wrote and what systemd said about it, one line each. */
  journal(unit?: string): Promise<string>
  /** Runs a command inside. Never rejects because of an exit status. */
  exec(command: string, args: readonly string[], options?: CommandOptions): Promise<CommandEnd>
  /** Kills everything inside, and removes cgroup and folder. */
  close(): Promise<void>
}

/**
 * Starts systemd as PID 1 of new pid, mount, uts, ipc, cgroup and network namespaces, and resolves when it has booted.
 *
 * Takes about half a second. Everything ends with `close()`, and as well when this process dies in whatever way. The file system
 * inside is that of the machine, read-only but for `folder`; /proc/sys is read-only; no unit of the machine is seen.
 *
 * Requires root, systemd, util-linux, and a kernel with cgroup2; rejects with the one that is missing.
 */
export async function boot(options: { timeoutMs?: number } = {}): Promise<Systemd> {
  const { timeoutMs = 20_000 } = options
  const program = requirements()
  const base = await mkdtemp(join(tmpdir(), 'slatfatf-systemd-'))
  const folder = join(base, 'shared')
  await Promise.all([
    mkdir(folder),
    mkdir(join(base, 'cgroup')),
    cp(ownUnits, join(base, 'units'), { recursive: true }),
  ])
  // Detached: Ctrl-C in a terminal must not reach it before it has cleaned up.
  const keeper = spawn('unshare', ['--mount', '--', 'sh', script, 'outside', base, program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const said = collect(keeper)
  const ended = new Promise<void>((resolve) => keeper.once('close', () => resolve()))
  const close = async () => {
    keeper.stdin?.end()
    const timer = setTimeout(() => keeper.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(timer)
    await rm(base, { recursive: true, force: true })
  }
  try {
    const pid = await waitFor(() => firstChild(said.stdout), { timeoutMs, message: 'PID 1' })
    const systemd = inside(pid, base, close)
    await waitFor(async () => (await systemd.systemctl('is-system-running')).stdout.startsWith('running'), {
      timeoutMs,
      message: 'systemd to have booted',
    })
    return systemd
  } catch (error) {
    await close()
    throw new Error(`systemd did not boot: ${said.stderr.trim() || 'it said nothing'}`, { cause: error })
  }
}

function inside(pid: number, base: string, close: () => Promise<void>): Systemd {
  const units = join(base, 'units')
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup']
  const exec: Systemd['exec'] = (command, args, { timeoutMs = 20_000, env } = {}) =>
    run(
      'nsenter',
      ['--target', `${pid}`, ...namespaces, '--wd=/', '--', 'sh', script, 'enter', command, ...args],
      timeoutMs,
      env,
    )
  const systemctl: Systemd['systemctl'] = (...args) => exec('systemctl', ['--no-pager', ...args])
  return {
    folder: join(base, 'shared'),
    pid,
    exec,
    systemctl,
    async writeUnits(files) {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(units, name)), { recursive: true })
        await writeFile(join(units, name), text)
      }
      const { status, stderr } = await systemctl('daemon-reload')
      if (status !== 0) throw new Error(`systemctl daemon-reload: ${stderr}`)
    },
    async property(unit, name) {
      const { stdout } = await systemctl('show', '--value', `--property=${name}`, unit)
      return stdout.trim()
    },
    async journal(unit) {
      await exec('journalctl', ['--sync'])
      const filter = unit === undefined ? [] : ['--unit', unit]
      return (await exec('journalctl', ['--no-pager', '--output=short-monotonic', ...filter])).stdout
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function run(
  command: string,
  args: string[],
  timeoutMs: number,
  env: Record<string, string> = {},
): Promise<CommandEnd> {
  // What this process was told by its own service manager is not for what runs inside.
  const { NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES, ...inherited } = process.env
  const settings = { timeout: timeoutMs, killSignal: 'SIGKILL', env: { ...inherited, ...env } } as const
  return new Promise((resolve) => {
    execFile(command, args, settings, (error, stdout, stderr) => {
      const status = !error ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ status, stdout, stderr: status === -1 ? `${stderr}\n${error?.message}` : stderr })
    })
  })
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    said.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said.stderr += text
  })
  // A keeper that is gone already has nothing to be told.
  child.stdin?.on('error', () => {})
  return said
}

/** `unshare --fork` has one child: PID 1 of the namespace. */
function firstChild(said: string): number | undefined {
  const parent = /^namespace (\d+)$/m.exec(said)?.[1]
  if (parent === undefined) return undefined
  const child = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ')[0]
  return child ? Number(child) : undefined
}

function requirements(): string {
  if (process.getuid?.() !== 0) throw new Error('a systemd of its own needs root: run this test as root')
  const lack = ['unshare', 'nsenter', 'setpriv'].filter((program) => !find(program))
  if (lack.length > 0) throw new Error(`missing: ${lack.join(', ')} (Debian package util-linux)`)
  const programs = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].filter(isExecutable)
  if (programs[0] === undefined || !find('systemctl'))
    throw new Error('missing: systemd (Debian package systemd)')
  if (!readFileSync('/proc/filesystems', 'utf8').includes('cgroup2'))
    throw new Error('the kernel has no cgroup2')
  return programs[0]
}

function find(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
