import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { output } from './commands.mjs'

const folder = join(import.meta.dirname, '..')

/** What every C program here is compiled with; part of the conditions of a figure. */
export const COMPILER = ['gcc', '-O2', '-std=gnu11', '-Wall', '-Wextra']

/** @type {Map<string, Promise<string>>} */
const compiled = new Map()

/**
 * Compiles `native/NAME.c` and returns the path of the program. Once in every run: it takes a quarter of a second, and a
 * figure must not come from yesterday's source.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export function compileNativeProgram(name) {
  const known = compiled.get(name) ?? compile(name)
  compiled.set(name, known)
  return known
}

/** @param {string} name */
async function compile(name) {
  const program = join(folder, 'build', name)
  await mkdir(join(folder, 'build'), { recursive: true })
  await output([...COMPILER, '-o', program, join(folder, 'native', `${name}.c`)], { timeoutMs: 60_000 })
  return program
}
