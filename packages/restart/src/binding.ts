import { createRequire } from 'node:module'
import type { ChannelBinding } from './channel/channel-binding.js'
import type { CoordinationBinding } from './coordination/coordination-binding.js'
import type { DescriptorBinding } from './descriptor/descriptor-binding.js'
import { RestartError } from './errors/restart-error.js'
import type { QueueBinding } from './park/queue-binding.js'
import type { MappedFileBinding } from './state/mapped-file-binding.js'
import type { SuperviseBinding } from './supervise/supervise-binding.js'
import type { DatagramBinding } from './udp/datagram-binding.js'

/** The addon. Each room declares its own part beside its sources. */
export interface Binding
  extends DescriptorBinding,
    ChannelBinding,
    CoordinationBinding,
    MemoryBinding,
    MappedFileBinding,
    QueueBinding,
    SuperviseBinding,
    DatagramBinding {}

/** Files in memory. Everything here throws an Error with `code`, `errno` and `syscall`. */
export interface MemoryBinding {
  /** memfd_create, sealable, its pages allocated. */
  memoryFile(name: string, sizeBytes: number): number
  /** `ENOSPC` now instead of SIGBUS at the first touch. */
  allocateFile(fd: number, sizeBytes: number): void
}

let loaded: Binding | undefined

/** The addon, loaded by the first call, so that importing this package works on every platform. */
export function binding(): Binding {
  if (loaded !== undefined) return loaded
  requireLinux()
  loaded = load()
  return loaded
}

function load(): Binding {
  try {
    return createRequire(import.meta.url)('../binding.cjs') as Binding
  } catch (cause) {
    throw new RestartError(`@slatfatf/restart has no addon for ${process.arch} and this C library`, {
      code: 'ERR_UNSUPPORTED_PLATFORM',
      hint: 'Compile it once: npm i node-addon-api node-gyp && npx node-gyp rebuild --directory node_modules/@slatfatf/restart/native',
      cause,
    })
  }
}

export function requireLinux(): void {
  if (process.platform === 'linux') return
  throw new RestartError(`@slatfatf/restart needs Linux; this is ${process.platform}`, {
    code: 'ERR_UNSUPPORTED_PLATFORM',
  })
}
