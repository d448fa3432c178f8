import { invalidType, invalidValue, requireBoolean } from '../errors/invalid-argument.js'

/** What is asked of the kernel when a device is opened. */
export type OffloadMode = 'off' | 'split' | 'raw' | 'auto'

/** A mode, and the protocols it is for. */
export interface OffloadSettings {
  mode: OffloadMode
  /** Super-packets of TCP. Default true. */
  tcp?: boolean
  /** Super-packets of UDP, where the kernel has them (Linux 6.2). Default true. */
  udp?: boolean
}

/** What is to be tried, all defaults filled in. */
export interface OffloadPlan {
  mode: 'split' | 'raw'
  tcp: boolean
  udp: boolean
  /** Go on without offload if the kernel has none. */
  optional: boolean
}

/** Throws for whatever is no mode and no settings. */
export function validateOffload(request: unknown): void {
  const { mode, tcp, udp } = settingsOf(request)
  const name = typeof request === 'string' ? 'offload' : 'offload.mode'
  if (!['off', 'split', 'raw', 'auto'].includes(mode)) {
    throw invalidValue(name, "'off', 'split', 'raw' or 'auto'", mode)
  }
  if (tcp !== undefined) requireBoolean('offload.tcp', tcp)
  if (udp !== undefined) requireBoolean('offload.udp', udp)
}

/** Undefined for no offload. */
export function offloadPlan(request: OffloadMode | OffloadSettings = 'off'): OffloadPlan | undefined {
  const { mode, tcp = true, udp = true } = settingsOf(request)
  if (mode === 'off') return undefined
  return { mode: mode === 'split' ? 'split' : 'raw', tcp, udp, optional: mode === 'auto' }
}

function settingsOf(request: unknown): OffloadSettings {
  if (typeof request === 'string') return { mode: request as OffloadMode }
  if (typeof request !== 'object' || request === null) {
    throw invalidType('offload', 'a mode or an object with one', request)
  }
  return request as OffloadSettings
}
