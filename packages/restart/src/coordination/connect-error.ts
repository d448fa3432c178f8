import { lstatSync, type Stats } from 'node:fs'
import { RestartError } from '../errors/restart-error.js'

/** Why nobody could be asked at `path`, in words that lead on. */
export function connectError(path: string, cause: NodeJS.ErrnoException): RestartError {
  const [code, words, hint] = explain(path, cause)
  return new RestartError(`${words}; nothing was asked`, {
    code,
    errno: cause.errno,
    syscall: cause.syscall,
    stage: 'connecting',
    hint,
    cause,
  })
}

function explain(path: string, { code, message }: NodeJS.ErrnoException): [string, string, string] {
  const file = lookAt(path)
  switch (code) {
    case 'ENOENT':
      return [
        'ERR_RESTART_NOT_LISTENING',
        `there is no ${path}`,
        'Is the instance running, and is this the path that it was started with?',
      ]
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      if (file && !file.isSocket()) {
        return [
          'ERR_RESTART_NOT_LISTENING',
          `${path} is ${kindOf(file)}, not a socket`,
          'Give the path of the coordination socket',
        ]
      }
      return [
        'ERR_RESTART_NOT_LISTENING',
        `nobody listens at ${path}`,
        'The instance ended without removing its socket: start it, which replaces the file',
      ]
    case 'EACCES':
    case 'EPERM':
      return [
        'ERR_RESTART_NOT_PERMITTED',
        `uid ${process.geteuid?.()} may not connect to ${path}${file ? `, which belongs to uid ${file.uid} with mode ${modeOf(file)}` : ''}`,
        `Ask as ${file ? `uid ${file.uid}` : 'the user that runs the instance'} or as root: sudo`,
      ]
    case 'ECONNRESET':
      return [
        'ERR_RESTART_NOT_ANSWERING',
        `${path} ended the connection while it waited to be taken`,
        'The instance was just ending: ask again, or see whether it still runs',
      ]
    case 'EPROTOTYPE':
      return [
        'ERR_RESTART_NOT_LISTENING',
        `${path} is a socket of another type`,
        'Give the path of the coordination socket',
      ]
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
    case 'ENOMEM':
      return [
        code,
        `this process has no room for a connection to ${path}: ${message}`,
        'This says nothing about the instance: ulimit -n, sysctl fs.file-max, free',
      ]
    default:
      return [
        'ERR_RESTART_NOT_LISTENING',
        `cannot connect to ${path}: ${message}`,
        'Is this the path that the instance was started with?',
      ]
  }
}

/** `undefined` where not even that may be known. */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

function kindOf(file: Stats): string {
  if (file.isFile()) return 'a regular file'
  if (file.isDirectory()) return 'a directory'
  return file.isSymbolicLink() ? 'a symbolic link' : 'a special file'
}

function modeOf(file: Stats): string {
  return (file.mode & 0o777).toString(8).padStart(4, '0')
}
