import { invalidType, invalidValue } from '../errors/invalid-argument.js'

/** Throws unless systemd takes it as FDNAME=: 1 to 255 printable ASCII characters without a colon, which separates names. */
export function checkFdName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  if (!/^[\x20-\x39\x3b-\x7e]{1,255}$/.test(name)) {
    throw invalidValue('name', '1 to 255 printable ASCII characters without a colon', name)
  }
}
