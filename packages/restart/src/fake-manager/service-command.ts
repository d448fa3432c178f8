import { type ChildProcess, spawn } from 'node:child_process'
import { checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import { checkFdName } from '../systemd/fd-name.js'
import type { FakeManagerSettings } from './fake-manager-options.js'

/** A service, as its unit file would describe it. */
export interface ServiceCommand {
  /** ExecStart=, the program first. Found along `$PATH`. */
  command: readonly string[]
  /** Environment=, on top of that of this process. */
  env?: Readonly<Record<string, string | undefined>> | undefined
  /** WorkingDirectory=. */
  cwd?: string | undefined
  /** Sockets= by FileDescriptorName=. Lent: they stay the caller's own, open as long as the service may be started again. */
  sockets?: Readonly<Record<string, number | readonly number[]>> | undefined
}

/** A descriptor for a new process, and its name there. */
export interface PassedDescriptor {
  readonly name: string
  readonly fd: number
}

/** What a service manager sets itself; not even its absence may come from the one above this process. */
const ownVariables = [
  'NOTIFY_SOCKET',
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'FDSTORE',
  'MEMORY_PRESSURE_WATCH',
  'MAINPID',
]

export function checkServiceCommand(service: ServiceCommand): void {
  checkKnown('service', service, ['command', 'env', 'cwd', 'sockets'])
  const { command, sockets = {} } = service
  if (!Array.isArray(command) || command.length === 0 || !command.every((word) => typeof word === 'string')) {
    throw invalidType('command', 'an array of a program and its arguments', command)
  }
  for (const [name, fds] of Object.entries(sockets)) {
    checkFdName(name)
    for (const fd of [fds].flat()) checkInteger('sockets', fd, 2 ** 31 - 1)
  }
}

/** Sockets first, then what was stored: the order in which systemd passes them. */
export function passedDescriptors(
  service: ServiceCommand,
  stored: readonly PassedDescriptor[],
): PassedDescriptor[] {
  const sockets = Object.entries(service.sockets ?? {})
  return [...sockets.flatMap(([name, fds]) => [fds].flat().map((fd) => ({ name, fd }))), ...stored]
}

export function serviceEnvironment(
  service: ServiceCommand,
  variables: Record<string, string | undefined>,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const name of ownVariables) delete env[name]
  return { ...env, ...service.env, ...variables }
}

/** Descriptors become 3, 4, … in order. */
export function spawnService(
  service: ServiceCommand,
  address: string,
  settings: FakeManagerSettings,
  passed: readonly PassedDescriptor[],
): ChildProcess {
  const { fdStoreMax, watchdogMs, systemdVersion } = settings
  const variables: Record<string, string> = { NOTIFY_SOCKET: address }
  // Only the new process knows its number in time; the shell keeps it through exec.
  const ownNumber: string[] = []
  if (passed.length > 0) {
    variables.LISTEN_FDS = String(passed.length)
    variables.LISTEN_FDNAMES = passed.map(({ name }) => name).join(':')
    ownNumber.push('LISTEN_PID')
  }
  if (watchdogMs > 0) {
    variables.WATCHDOG_USEC = String(watchdogMs * 1000)
    ownNumber.push('WATCHDOG_PID')
  }
  if (systemdVersion >= 254) {
    // As old as $FDSTORE: who sees this one alone knows that the store is off.
    variables.MEMORY_PRESSURE_WATCH = '/dev/null'
    if (fdStoreMax > 0) variables.FDSTORE = String(fdStoreMax)
  }
  const exports = ownNumber.map((name) => `export ${name}=$$; `).join('')
  return spawn('sh', ['-c', `${exports}exec "$0" "$@"`, ...service.command], {
    cwd: service.cwd,
    env: serviceEnvironment(service, variables),
    stdio: ['ignore', 'pipe', 'pipe', ...passed.map(({ fd }) => fd)],
  })
}
