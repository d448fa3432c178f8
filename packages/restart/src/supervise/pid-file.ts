import {
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { checkInteger, checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { RestartError, systemError } from '../errors/restart-error.js'
import { findProcess } from './process-start.js'

const MAX_PID = 2 ** 22
/** Some file systems keep times in steps of two seconds. */
const TOLERANCE_MS = 2000
/** What is later is a date, and not a time since boot: some other program has written the file. */
const LONGEST_UPTIME_MS = 20 * 365 * 24 * 3600 * 1000

/** Options of {@link writePidFile}. */
export interface PidFileOptions {
  /** Default: this process. */
  pid?: number | undefined
  /** The process whose file this is so far, and may be overwritten though it runs: the instance before. */
  replaces?: number | undefined
  /** Default 0o644, whatever the umask. */
  mode?: number | undefined
  /** Default: this process's user and group. Another one needs CAP_CHOWN. */
  owner?: { uid: number; gid: number } | undefined
}

/** A PID file that this process has written. */
export interface PidFile {
  readonly path: string
  readonly pid: number
  /** Removes the file if it is still about `pid`, and tells whether it was. Never throws for a file that is gone. */
  remove(): boolean
  [Symbol.dispose](): void
}

/** What a PID file says, and whether it is true. */
export interface PidFileContent {
  readonly pid: number
  /** The process that wrote the file runs: another one with the same number does not count. */
  readonly running: boolean
}

/**
 * Writes the number of a process into a file, so that others find it: `kill $(cat FILE)`, `PIDFile=` of systemd.
 *
 * The file is there with its content or not at all (written beside it, and renamed). A file of a process that is gone is replaced; so that a
 * number that is used again is not taken for the process that wrote it, the file's modification time is the
 * time between boot and that process's start, and looks like a day in 1970. It is no lock: of two that start at
 * the same moment one overwrites the other, unless a coordination socket keeps them apart.
 *
 * @throws TypeError, RangeError; RestartError `ERR_RESTART_ALREADY_RUNNING` if the file is about another process that runs, `ESRCH` if `pid`
 *   does not run, or an errno (`EACCES`, `ENOENT`, `EROFS`)
 */
export function writePidFile(path: string, options: PidFileOptions = {}): PidFile {
  const { pid = process.pid, replaces, mode = 0o644, owner } = checkOptions(path, options)
  const present = readPidFile(path)
  if (present?.running && present.pid !== pid && present.pid !== replaces) {
    throw new RestartError(`Cannot write ${path}: process ${present.pid} runs already`, {
      code: 'ERR_RESTART_ALREADY_RUNNING',
      hint: `Stop it (kill ${present.pid}), ask it for a restart, or use another file`,
    })
  }
  const found = findProcess(pid)
  if (found === undefined)
    throw new RestartError(`Cannot write ${path}: there is no process ${pid}`, { code: 'ESRCH' })
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
  try {
    // Of a process that had this number and died here.
    rmSync(temporary, { force: true })
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(fd, `${pid}\n`)
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid)
      fchmodSync(fd, mode)
      if (found.startMs !== undefined) futimesSync(fd, found.startMs / 1000, found.startMs / 1000)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw systemError(error, `write the PID file ${path}`, hintFor(error))
  }
  const remove = () => removePidFile(path, pid)
  return { path, pid, remove, [Symbol.dispose]: remove }
}

/**
 * What a PID file says, and whether it is still true. Undefined: there is none, or no number in it. Also understands files that other
 * programs wrote, but knows only whether some process has that number then.
 *
 * @throws RestartError with an errno (`EACCES`, `EISDIR`)
 */
export function readPidFile(path: string): PidFileContent | undefined {
  let text: string
  let writtenMs: number
  try {
    text = readFileSync(path, 'utf8')
    writtenMs = statSync(path).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw systemError(error, `read the PID file ${path}`)
  }
  const pid = Number(/^\s*(\d{1,7})\s*$/.exec(text)?.[1])
  if (!(pid > 0)) return undefined
  const found = findProcess(pid)
  if (found === undefined) return { pid, running: false }
  const ours = writtenMs < LONGEST_UPTIME_MS && found.startMs !== undefined
  return { pid, running: !ours || Math.abs(found.startMs! - writtenMs) <= TOLERANCE_MS }
}

function removePidFile(path: string, pid: number): boolean {
  try {
    if (readPidFile(path)?.pid !== pid) return false
    unlinkSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw systemError(error, `remove the PID file ${path}`)
  }
}

function checkOptions(path: unknown, options: PidFileOptions): PidFileOptions {
  if (typeof path !== 'string') throw invalidType('path', 'a string', path)
  if (path === '' || path.includes('\0')) throw invalidValue('path', 'a path', path)
  checkKnown('options', options, ['pid', 'replaces', 'mode', 'owner'])
  const { pid, replaces, mode, owner } = options
  if (pid !== undefined) checkInteger('pid', pid, MAX_PID)
  if (replaces !== undefined) checkInteger('replaces', replaces, MAX_PID)
  if (mode !== undefined) checkInteger('mode', mode, 0o777)
  if (owner !== undefined) {
    checkKnown('owner', owner, ['uid', 'gid'])
    checkInteger('owner.uid', owner.uid, 2 ** 32 - 2)
    checkInteger('owner.gid', owner.gid, 2 ** 32 - 2)
  }
  return options
}

function hintFor(error: unknown): string | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'Make the directory first: RuntimeDirectory= in the unit'
    case 'EACCES':
      return 'The user of the process must be able to write the directory: RuntimeDirectory= in the unit gives it one in /run'
    default:
      return undefined
  }
}
