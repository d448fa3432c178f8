import { readlinkSync } from 'node:fs'
import { binding } from '../binding.js'
import { checkKnown } from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'

/** The first descriptor that a service manager passes (SD_LISTEN_FDS_START). */
const FIRST = 3

/** Twice what a process may have on most systems; names are made for them before they are looked at. */
const MOST = 2 ** 21

const variables = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const

/**
 * Takes the descriptors that the service manager started this process with: sockets of its .socket units, and what was in the fd store.
 *
 * Names come from FileDescriptorName= or FDNAME=; a name that several have keeps all of them, in order, and those without a name are
 * called `unknown` as in sd_listen_fds_with_names(3). All are set close-on-exec. The variables are removed from `env` (default:
 * `process.env`), so that no child takes the numbers for its own and a second call has nothing. Variables that are meant for another
 * process (`LISTEN_PID`) give nothing, and are removed too. Whether a descriptor is the socket it should be is for the caller to see:
 * `adoptListenSocket` does.
 *
 * Throws `ERR_RESTART_LISTEN_FDS` when the variables contradict each other, or a descriptor that they name is not open.
 */
export function takeListenFds(options: { env?: NodeJS.ProcessEnv | undefined } = {}): Map<string, number[]> {
  checkKnown('options', options, ['env'])
  const { env = process.env } = options
  const names = listenFdNames(env, process.pid)
  for (const variable of variables) delete env[variable]
  const found = new Map<string, number[]>()
  names.forEach((name, index) => {
    const fd = FIRST + index
    closeOnExec(fd, name)
    const others = found.get(name)
    if (others === undefined) found.set(name, [fd])
    else others.push(fd)
  })
  return found
}

/** The names of descriptors 3, 4, …, as the variables tell a process of this number. */
export function listenFdNames(env: NodeJS.ProcessEnv, pid: number): string[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env
  if (LISTEN_FDS === undefined || LISTEN_PID === undefined) return []
  if (wholeNumber('LISTEN_PID', LISTEN_PID) !== pid) return []
  const count = wholeNumber('LISTEN_FDS', LISTEN_FDS)
  if (count > MOST) throw malformed(`LISTEN_FDS is ${count}, more than anybody passes`)
  if (LISTEN_FDNAMES === undefined) return new Array(count).fill('unknown')
  const names = LISTEN_FDNAMES === '' && count === 0 ? [] : LISTEN_FDNAMES.split(':')
  if (names.length !== count) {
    throw malformed(`LISTEN_FDS is ${count}, but LISTEN_FDNAMES has ${names.length} names`)
  }
  return names.map((name) => name || 'unknown')
}

function wholeNumber(name: string, value: string): number {
  const number = Number(value)
  // A process cannot have more descriptors than fs.nr_open, which ends here.
  if (/^\d+$/.test(value) && number < 2 ** 31) return number
  throw malformed(`${name} is ${JSON.stringify(value)}, not a number`)
}

function closeOnExec(fd: number, name: string): void {
  // A number that was not passed is Node's own by now; whoever closes that ends the process. Its first is this.
  if (target(fd) === 'anon_inode:[eventpoll]') throw malformed(`descriptor ${fd} (${name}) is not open`)
  try {
    binding().setCloseOnExec(fd, true)
  } catch (cause) {
    throw malformed(`descriptor ${fd} (${name}) is not open`, cause)
  }
}

function target(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

function malformed(reason: string, cause?: unknown): RestartError {
  return new RestartError(`The descriptors of the service manager cannot be taken: ${reason}`, {
    code: 'ERR_RESTART_LISTEN_FDS',
    hint: 'Whatever stands between the service manager and this process must pass descriptors and LISTEN_* variables on unchanged, with exec',
    cause,
  })
}
