import { type FileHandle, open } from 'node:fs/promises'
import { checkInteger, invalidType } from '../../errors/invalid-argument.js'
import { errnoError } from '../../errors/netlink-error.js'
import { ENOENT } from '../constants.js'

/** Throws unless `value` could name a network namespace. */
export function checkNamespace(argument: string, value: unknown): void {
  if (typeof value === 'number') checkInteger(argument, value, 0x7fffffff)
  else if (value !== undefined && typeof value !== 'string') {
    throw invalidType(argument, 'a path or a descriptor', value)
  }
}

/** Calls `use` with an open descriptor for each namespace that was given, by path or by descriptor. */
export async function withNamespaces(
  namespaces: readonly (string | number | undefined)[],
  operation: string,
  use: (descriptors: readonly (number | undefined)[]) => Promise<void>,
): Promise<void> {
  const opened: FileHandle[] = []
  try {
    const descriptors: (number | undefined)[] = []
    for (const namespace of namespaces) {
      if (typeof namespace !== 'string') descriptors.push(namespace)
      else {
        const handle = await openNamespace(namespace, operation)
        opened.push(handle)
        descriptors.push(handle.fd)
      }
    }
    await use(descriptors)
  } finally {
    for (const handle of opened) await handle.close()
  }
}

async function openNamespace(path: string, operation: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (cause) {
    const { errno } = cause as NodeJS.ErrnoException
    throw errnoError(errno ?? ENOENT, operation, { syscall: 'open', cause })
  }
}
