import { isRestartError, systemError } from '../errors/restart-error.js'

const hints: Record<string, string> = {
  EEXIST: 'Open it, or create it with replace: true',
  ENOSPC:
    'The file system has no room for the whole file; a tmpfs is bounded by its size= option, a memory file by the memory that is free',
  EOPNOTSUPP: 'This file system cannot allocate: use a tmpfs, such as /run',
  EACCES: 'The process needs to read and write the file, and to write to its folder when it creates one',
}

/** Runs `action`, and says what was tried when the system refuses: `operation` reads on after "Cannot". */
export function systemCall<T>(operation: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (isRestartError(error)) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    throw systemError(error, operation, hints[code])
  }
}
