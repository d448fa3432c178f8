import { readFile } from 'node:fs/promises'
import type { Config } from './config.js'
import { ConfigError } from './config-error.js'
import { parseConfig } from './parse-config.js'

/**
 * Reads and validates a configuration file.
 *
 * @throws {ConfigError} `ERR_CONFIG` with every problem; a file that cannot be read is one problem, with the cause attached.
 */
export async function loadConfig(path: string): Promise<Config> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
    const problem = { file: path, line: 1, column: 1, path: '', expected: 'a readable file' }
    throw new ConfigError([{ ...problem, message: `the file cannot be read (${reason})` }], { cause })
  }
  return parseConfig(text, path)
}
