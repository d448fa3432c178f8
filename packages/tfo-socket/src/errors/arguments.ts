import { inspect } from 'node:util'
import type { PortRange } from '../kernel/port-range.js'

/** A value of the wrong type: the caller's mistake. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const received = value === null ? 'null' : typeof value
  return withCode(new TypeError(`${name} must be ${expected}; received ${received}`), 'ERR_INVALID_ARG_TYPE')
}

/** A value of the right type that means nothing here: the caller's mistake. */
export function invalidValue(name: string, expected: string, value: unknown): RangeError {
  return withCode(
    new RangeError(
      `${name} must be ${expected}; received ${inspect(value, { depth: 1, breakLength: Infinity })}`,
    ),
    'ERR_INVALID_ARG_VALUE',
  )
}

/** The address itself is judged by the kernel's own parser, in the same call that uses it. */
export function checkAddress(name: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  // inet_pton stops at a NUL, and would take what stands before it.
  if (value.includes('\0')) throw invalidValue(name, addressExpected, value)
}

export const addressExpected = 'an IPv4 or IPv6 address'

/** Port 0 asks the kernel for any port, which is never what a reservation means. */
export function checkPort(name: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw invalidValue(name, 'an integer from 1 to 65535', value)
  }
}

export function checkPorts(name: string, value: PortRange | number): void {
  if (typeof value === 'number') {
    checkPort(name, value)
    return
  }
  if (typeof value !== 'object' || value === null) {
    throw invalidType(name, 'a port or { first, last }', value)
  }
  checkPort(`${name}.first`, value.first)
  checkPort(`${name}.last`, value.last)
  if (value.first > value.last)
    throw invalidValue(name, 'a range whose first port is not after its last', value)
}

/** Refuses what is no object, and options that do not exist: a misspelt one would be ignored without a word. */
export function checkOptions(value: unknown, known: ReadonlySet<string>): void {
  if (typeof value !== 'object' || value === null) throw invalidType('options', 'an object', value)
  for (const name in value) {
    if (!known.has(name)) throw invalidValue('options', `one of ${[...known].join(', ')}`, name)
  }
}

export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
}

export function checkMark(value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'number') throw invalidType('options.mark', 'a number', value)
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw invalidValue('options.mark', 'an integer from 0 to 4294967295', value)
  }
}

/** IFNAMSIZ is 16 bytes with the closing NUL; the kernel cuts what is longer, and may find an interface of that name. */
export function checkDevice(value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw invalidType('options.device', 'a string', value)
  if (value === '' || Buffer.byteLength(value) > 15 || value.includes('\0')) {
    throw invalidValue('options.device', 'an interface name of 1 to 15 bytes', value)
  }
}

function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code })
}
