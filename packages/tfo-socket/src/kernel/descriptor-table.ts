import { getSystemErrorName } from 'node:util'
import { binding } from '../binding.js'
import { invalidType, invalidValue } from '../errors/arguments.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'

/**
 * Makes room for `count` descriptors in this process at once.
 *
 * Otherwise the kernel doubles its table whenever a descriptor does not fit, and in a process with threads (every Node
 * process) each doubling stops the caller for 6 to 14 ms. Takes up to 20 ms; call it once at start, with the number of
 * reservations that you expect. A table that is large enough stays as it is.
 *
 * @throws {TfoSocketError} `EINVAL` from `fcntl(F_DUPFD_CLOEXEC)`: more than `ulimit -n` allows. `EMFILE`.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 * @see {@link https://man7.org/linux/man-pages/man2/fcntl.2.html | fcntl(2)}; fs/file.c in the kernel
 */
export function growDescriptorTable(count: number): void {
  if (typeof count !== 'number') throw invalidType('count', 'a number', count)
  if (!Number.isInteger(count) || count < 1 || count > 0x7fffffff) {
    throw invalidValue('count', 'an integer from 1 to 2147483647', count)
  }
  const result = binding().growDescriptorTable(count)
  if (result >= 0) return
  const code = getSystemErrorName(result)
  throw new TfoSocketError(`Cannot make room for ${count} descriptors: ${code}`, {
    code,
    errno: result,
    syscall: 'fcntl(F_DUPFD_CLOEXEC)',
    ...((code === 'EINVAL' || code === 'EMFILE') && {
      hint: 'The process may not open that many descriptors: ulimit -n',
    }),
  })
}
