import { readFileSync } from 'node:fs'
import { TfoSocketError } from '../errors/tfo-socket-error.js'

/** The value of a sysctl, of the network namespace that this thread is in where it is one of `net`. */
export function readSysctl(name: string): string {
  const path = `/proc/sys/${name.replaceAll('.', '/')}`
  try {
    return readFileSync(path, 'latin1').trim()
  } catch (cause) {
    const { code = 'EIO', errno, syscall } = cause as NodeJS.ErrnoException
    throw new TfoSocketError(`Cannot read ${path}: ${code}`, {
      code,
      ...(errno !== undefined && { errno }),
      ...(syscall !== undefined && { syscall }),
      hint: 'Is /proc mounted?',
      cause,
    })
  }
}

/** The same, for sysctls that hold one number. */
export function readSysctlNumber(name: string): number {
  return Number(readSysctl(name))
}
