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

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value)
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
}

export function checkSignal(value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal))
    throw invalidType('signal', 'an AbortSignal', value)
}

/** Throws for a name that is no option: what is spelled wrong would be ignored otherwise. */
export function checkKnown(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'an object', value)
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw invalidValue(name, `an object of ${known.join(', ')}`, key)
  }
}
