import { invalidType, invalidValue } from '../errors/invalid-argument.js'

/**
 * Throws unless the kernel would take the name: 1 to 15 bytes, no slash, colon or white space, not `.` or
 * `..`, and `%` only once, as `%d`, which the kernel replaces by the lowest free number.
 *
 * @see dev_valid_name() and dev_alloc_name() in net/core/dev.c
 */
export function validateDeviceName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  const bytes = Buffer.byteLength(name)
  const numbered = name.replace('%d', '')
  if (
    bytes === 0 ||
    bytes > 15 ||
    name === '.' ||
    name === '..' ||
    /[\0/:\s]/.test(name) ||
    numbered.includes('%')
  ) {
    throw invalidValue('name', "1 to 15 bytes without '/', ':' or white space", name)
  }
}
