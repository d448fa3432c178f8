import { readdirSync } from 'node:fs'
import { binding, requireLinux } from '../binding.js'
import { checkInteger } from '../errors/invalid-argument.js'
import { systemError } from '../errors/restart-error.js'
import type { FdDescription } from './descriptor-binding.js'

/** A descriptor that children would get, and what it is. */
export interface InheritedDescriptor {
  fd: number
  description: FdDescription
}

/**
 * Descriptors beyond stdio that every child of this process would get.
 *
 * Node marks what it inherits close-on-exec, but stops at the first gap in the numbers: what lies behind one goes on from
 * generation to generation, and keeps a port or a pipe open for ever. Whose they are only the program can know.
 *
 * @throws {RestartError} `ERR_UNSUPPORTED_PLATFORM`.
 */
export function inheritedDescriptors(): InheritedDescriptor[] {
  requireLinux()
  const inherited: InheritedDescriptor[] = []
  for (const fd of openDescriptors()) {
    if (fd <= 2) continue
    const description = describe(fd)
    if (description && !description.closeOnExec) inherited.push({ fd, description })
  }
  return inherited
}

function openDescriptors(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .sort((a, b) => a - b)
}

/** Undefined for the descriptor of the listing itself, and for one that was closed since. */
function describe(fd: number): FdDescription | undefined {
  try {
    return binding().describeFd(fd)
  } catch {
    return undefined
  }
}

/**
 * Closes a descriptor that is nobody's: one that was inherited, or came by hand-over and is not wanted.
 *
 * @throws {RestartError} `EBADF`.
 */
export function closeDescriptor(fd: number): void {
  checkInteger('fd', fd, 2 ** 31 - 1)
  try {
    binding().closeFd(fd)
  } catch (error) {
    throw systemError(error, `close descriptor ${fd}`)
  }
}
