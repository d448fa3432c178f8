import type { Config } from '../config/config.js'
import { isConfigError } from '../config/config-error.js'
import { loadConfig } from '../config/load-config.js'
import { type HostProblem, preflight } from '../host/preflight.js'
import { EXIT } from './exit-status.js'

/**
 * Loads a configuration and asks the host whether it can carry it; says on stderr what is wrong. Changes nothing. Returns the
 * configuration, or the exit status.
 */
export async function readyConfig(file: string): Promise<Config | number> {
  let config: Config
  try {
    config = await loadConfig(file)
  } catch (error) {
    if (!isConfigError(error)) throw error
    for (const { file, line, column, message, expected } of error.problems) {
      console.error(`${file}:${line}:${column}: ${message}\n  expected: ${expected}`)
    }
    return EXIT.config
  }
  for (const warning of config.warnings) console.error(`warning: ${file}: ${warning}`)
  const problems = await preflight(config)
  for (const problem of problems) console.error(formatProblem(problem))
  return problems.some(({ severity }) => severity === 'error') ? EXIT.host : config
}

/** One problem for people: what, code, and what to do. */
export function formatProblem({ severity, code, message, hint }: HostProblem): string {
  return `${severity}: ${message} (${code})${hint ? `\n  fix: ${hint}` : ''}`
}
