/** A TypeError or RangeError with the code Node itself uses for wrong arguments. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const actual = value === null ? 'null' : typeof value
  return Object.assign(new TypeError(`${name} must be ${expected}, not ${actual}`), {
    code: 'ERR_INVALID_ARG_TYPE' as const,
  })
}

export function invalidValue(name: string, expected: string, value: unknown): RangeError {
  return Object.assign(new RangeError(`${name} must be ${expected}, not ${JSON.stringify(value)}`), {
    code: 'ERR_INVALID_ARG_VALUE' as const,
  })
}

export function requireInteger(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalidValue(name, `an integer from ${min} to ${max}`, value)
  }
}

export function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
}
