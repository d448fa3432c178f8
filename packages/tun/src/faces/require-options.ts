import { invalidType } from '../errors/invalid-argument.js'

/** Throws `ERR_INVALID_ARG_TYPE` for what is no object of options. */
export function requireOptions(value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidType('options', 'an object', value)
}
