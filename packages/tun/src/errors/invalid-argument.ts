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

export function requireSignal(name: string, value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal)) throw invalidType(name, 'an AbortSignal', value)
}

/** Throws for a name that is no option: what is spelled wrong would be ignored otherwise. */
export function requireKnown(name: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw invalidValue(name, `an object of ${known.join(', ')}`, key)
  }
}

/** Not by class: a batch may come from another copy of this package. */
export function requireBatch(value: unknown): void {
  const isBatch = typeof value === 'object' && value !== null && 'descriptors' in value && 'slab' in value
  if (!isBatch) throw invalidType('batch', 'a PacketBatch', value)
}
