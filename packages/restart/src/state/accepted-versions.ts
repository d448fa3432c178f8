import { checkInteger, invalidType } from '../errors/invalid-argument.js'
import { refusedState, stateCodes } from './state-error.js'

/** One version, or all that a program can read. */
export type AcceptedVersions = number | readonly number[]

const mostVersion = 0xffff_ffff

export function checkVersion(name: string, value: unknown): asserts value is number {
  checkInteger(name, value, mostVersion)
}

export function checkAcceptedVersions(name: string, value: unknown): asserts value is AcceptedVersions {
  if (!Array.isArray(value)) return checkVersion(name, value)
  if (value.length === 0) throw invalidType(name, 'a number, or an array of at least one', value)
  for (const version of value) checkVersion(name, version)
}

export function requireVersion(what: string, found: number, accepted: AcceptedVersions | undefined): void {
  if (accepted === undefined || accepted === found) return
  if (typeof accepted !== 'number' && accepted.includes(found)) return
  const wanted = typeof accepted === 'number' ? `version ${accepted}` : `versions ${accepted.join(', ')}`
  throw refusedState(stateCodes.version, `${what} has version ${found}, this program reads ${wanted}`)
}
