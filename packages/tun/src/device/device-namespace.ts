import { closeSync, fstatSync, statSync } from 'node:fs'
import type { NativeQueue } from '../binding.js'

/** Stands for a namespace that only a descriptor of the device knows. */
export const FOREIGN_NAMESPACE = '/proc/self/ns/net'

/** Where a device is: undefined stands for the process's own namespace. */
export interface Whereabouts {
  /** Path of the namespace when it was opened or moved last. */
  netns: string | undefined
  /** A descriptor of the device that is open still. */
  native: NativeQueue | undefined
}

/**
 * Calls `use` with a path of the network namespace that the device is in now, whoever moved it there (TUNGETDEVNETNS, Linux 5.2).
 * In the process's own namespace no privilege is needed, and none is asked for.
 */
export async function inNamespaceOf<T>(
  { netns, native }: Whereabouts,
  use: (netns: string | undefined) => Promise<T>,
): Promise<T> {
  const descriptor = native?.deviceNamespace() ?? -1
  // An older kernel, or no CAP_NET_ADMIN: then it is where it was, or in the only namespace that can be had.
  if (descriptor < 0) return use(netns === FOREIGN_NAMESPACE ? undefined : netns)
  try {
    return await use(isOwnNamespace(descriptor) ? undefined : `/proc/self/fd/${descriptor}`)
  } finally {
    closeSync(descriptor)
  }
}

function isOwnNamespace(descriptor: number): boolean {
  const own = statSync('/proc/thread-self/ns/net')
  const other = fstatSync(descriptor)
  return own.ino === other.ino && own.dev === other.dev
}
