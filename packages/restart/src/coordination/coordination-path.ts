import { resolve } from 'node:path'
import { invalidType, invalidValue } from '../errors/invalid-argument.js'

/** `sizeof(sun_path)` less the closing NUL (unix(7)). */
const MAX_PATH_BYTES = 107

/** The path as it stays true when the working directory changes. Throws if it can be none of a Unix socket. */
export function checkSocketPath(value: unknown): string {
  if (typeof value !== 'string') throw invalidType('path', 'a string', value)
  if (value === '') throw invalidValue('path', 'the path of a Unix socket', value)
  // Anybody may connect to an abstract one: it has no mode.
  if (value.includes('\0') || value.startsWith('@')) {
    throw invalidValue('path', 'a path in the file system, not the name of an abstract socket', value)
  }
  const path = resolve(value)
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_PATH_BYTES) {
    throw invalidValue('path', `at most ${MAX_PATH_BYTES} bytes as an absolute path (it has ${bytes})`, path)
  }
  return path
}
