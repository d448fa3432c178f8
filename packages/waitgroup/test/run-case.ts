import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Runs one of the programs in cases/ with the built package, and returns what it tells. */
export async function runCase<T>(name: string, ...args: string[]): Promise<T> {
  const program = fileURLToPath(new URL(`./cases/${name}.mjs`, import.meta.url))
  const words = ['--expose-gc', '--unhandled-rejections=strict', program, ...args]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { timeout: 100_000 })
  if (stderr.includes('MaxListenersExceededWarning')) throw new Error(stderr)
  return JSON.parse(stdout) as T
}
