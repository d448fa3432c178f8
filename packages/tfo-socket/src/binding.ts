import { createRequire } from 'node:module'
import { TfoSocketError } from './errors/tfo-socket-error.js'
import type { FastOpenBinding } from './fast-open/fast-open-binding.js'
import type { ReadinessBinding } from './readiness/readiness-binding.js'
import type { ReservationBinding } from './reservation/reservation-binding.js'

/** The addon. */
export interface Binding extends FastOpenBinding, ReadinessBinding, ReservationBinding {
  growDescriptorTable(count: number): number
  /** What `outcome[1]` counts in: the system call that failed. */
  readonly stepNames: readonly string[]
}

/** Cells: the port that was given, and the index in `stepNames` of the step that failed. One per thread. */
export const outcome: Int32Array = new Int32Array(2)

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
    throw new TfoSocketError(`@slatfatf/tfo-socket has no addon for ${process.arch} and this C library`, {
      code: 'ERR_UNSUPPORTED_PLATFORM',
      hint: 'Compile it once: npm i node-addon-api node-gyp && npx node-gyp rebuild --directory node_modules/@slatfatf/tfo-socket/native',
      cause,
    })
  }
}

export function requireLinux(): void {
  if (process.platform === 'linux') return
  throw new TfoSocketError(`@slatfatf/tfo-socket needs Linux; this is ${process.platform}`, {
    code: 'ERR_UNSUPPORTED_PLATFORM',
  })
}
