import { Buffer } from 'node:buffer'
import { checkInteger, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { IFNAMSIZ } from './constants.js'

/** Throws unless `value` could be the name of an interface: 1 to 15 bytes, no slash, no space, not `.` or `..`. */
export function checkInterfaceName(argument: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(argument, 'an interface name', value)
  const tooLong = Buffer.byteLength(value) >= IFNAMSIZ
  if (value === '' || tooLong || value === '.' || value === '..' || /[\s/:\0]/.test(value)) {
    throw invalidValue(argument, `an interface name of at most ${IFNAMSIZ - 1} bytes`, value)
  }
}

/** Throws unless `value` names or numbers an interface. */
export function checkInterface(argument: string, value: unknown): asserts value is string | number {
  if (typeof value === 'string') checkInterfaceName(argument, value)
  else if (typeof value !== 'number') throw invalidType(argument, 'an interface name or index', value)
  else if (value < 1) throw invalidValue(argument, 'a positive interface index', value)
  else checkInteger(argument, value, 0x7fffffff)
}
