/** TypeError `ERR_INVALID_ARG_TYPE`, as Node words it. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const error = new TypeError(`${name} must be ${expected}, got ${show(value)}`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

/** RangeError `ERR_INVALID_ARG_VALUE`, as Node words it. */
export function invalidValue(name: string, expected: string, value: unknown): RangeError {
  const error = new RangeError(`${name} must be ${expected}, got ${show(value)}`)
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

/** A name stands in paths and lists, where an empty one could not be seen. */
export function checkName(value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw invalidType('name', 'a string', value)
  if (value === '') throw invalidValue('name', 'a string that is not empty', value)
}

export function checkThenable(name: string, value: unknown): void {
  const object = (typeof value === 'object' && value !== null) || typeof value === 'function'
  if (!object || typeof (value as { then?: unknown }).then !== 'function') {
    throw invalidType(name, 'a promise', value)
  }
}

/** By its shape: where a test environment brings its own AbortSignal, `instanceof` refuses the runtime's. */
export function checkSignal(value: unknown): void {
  if (value === undefined) return
  const signal = value as Partial<AbortSignal> | null
  if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') {
    throw invalidType('signal', 'an AbortSignal', value)
  }
}

/** Throws for a name that is no option: what is spelled wrong would be ignored otherwise. */
export function checkKnown(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'an object', value)
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw invalidValue(name, `an object of ${known.join(', ')}`, key)
  }
}

/** `util.inspect` is Node's alone. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value)
  return String(value)
}
