import { inspect } from 'node:util'

/** TypeError `ERR_INVALID_ARG_TYPE`, as Node words it. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const error = new TypeError(`${name} must be ${expected}, got ${inspect(value, { depth: 0 })}`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' as const })
}

/** RangeError `ERR_INVALID_ARG_VALUE`, as Node words it. */
export function invalidValue(name: string, expected: string, value: unknown): RangeError {
  const error = new RangeError(`${name} must be ${expected}, got ${inspect(value, { depth: 0 })}`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' as const })
}

/** Throws unless `value` is a whole number from `least` to `most`. */
export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalidValue(name, `a whole number from ${least} to ${most}`, value)
  }
}

export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidType(name, 'an object', value)
  }
}

/** Throws for a name that is not known: what is spelled wrong would be ignored otherwise. */
export function checkKnown(
  name: string,
  value: unknown,
  known: ReadonlySet<string>,
): asserts value is object {
  checkObject(name, value)
  for (const key in value) {
    if (!known.has(key)) throw invalidValue(name, `an object of ${[...known].join(', ')}`, key)
  }
}

export function checkBytes(name: string, value: unknown): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw invalidType(name, 'a Uint8Array', value)
}

export function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  if (value.includes('\0')) throw invalidValue(name, 'a string without NUL', value)
}

export function checkSignal(value: unknown): asserts value is AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal))
    throw invalidType('signal', 'an AbortSignal', value)
}

export function checkBoolean(name: string, value: unknown): asserts value is boolean | undefined {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
}
