import type { Flow } from '../../flow/flow.js'
import { statusNames } from '../../flow/status.js'

/** A value in one line: 64-bit numbers as strings, bytes in hexadecimal. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return String(each)
    return each instanceof Uint8Array ? Buffer.from(each).toString('hex') : each
  })
}

/** A flow as the package gives it, and its status in words. */
export function flowRecord(flow: Flow): Flow & { statusNames?: string[] } {
  return flow.status === undefined ? flow : { ...flow, statusNames: statusNames(flow.status) }
}
