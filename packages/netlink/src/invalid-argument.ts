import { inspect } from 'node:util'

/** TypeError `ERR_INVALID_ARG_TYPE`, as Node words it. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const error = new TypeError(`${name} must be ${expected}, got ${inspect(value)}`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

/** RangeError `ERR_INVALID_ARG_VALUE`, as Node words it. */
export function invalidValue(name: string, expected: string, value: unknown): RangeError {
  const error = new RangeError(`${name} must be ${expected}, got ${inspect(value)}`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' })
}

/** Throws unless `value` is a whole number from 0 to `most`. */
export function checkInteger(name: string, value: unknown, most: number): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw invalidValue(name, `a whole number from 0 to ${most}`, value)
  }
}
