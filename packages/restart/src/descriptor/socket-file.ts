import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { binding } from '../binding.js'

/** The path that a Unix socket is bound to, if the file there still is this socket's, and not a successor's. */
export function pathOf(fd: number): string | undefined {
  const description = binding().describeFd(fd)
  if (description.kind !== 'socket' || !description.local || !('path' in description.local)) return undefined
  const { path } = description.local
  return !path.startsWith('@') && isBoundTo(fd, path) ? path : undefined
}

/** Removes the path of a socket that somebody listens on to the end: nobody can take it over in between. */
export function unlinkIfBound(fd: number): boolean {
  const path = pathOf(fd)
  if (path === undefined) return false
  unlinkSync(path)
  return true
}

/** Changes the permission bits of the path; false if it is not this socket's any more. */
export function setModeIfBound(fd: number, mode: number): boolean {
  const path = pathOf(fd)
  if (path === undefined) return false
  chmodSync(path, mode)
  return true
}

function isBoundTo(fd: number, path: string): boolean {
  try {
    const { device, inode } = binding().boundFile(fd)
    const { dev, ino } = lstatSync(path, { bigint: true })
    return dev === BigInt(device) && BigInt.asUintN(32, ino) === BigInt(inode)
  } catch {
    // There is no file, or the kernel cannot tell (unix_diag): better to leave a path than to take another's.
    return false
  }
}
