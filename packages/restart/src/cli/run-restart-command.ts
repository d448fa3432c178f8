import { basename } from 'node:path'
import type { Writable } from 'node:stream'
import { checkFunction, checkKnown, invalidType } from '../errors/invalid-argument.js'
import type { ExitStatus } from './exit-status.js'
import { runProgram } from './run-program.js'

/** Options of {@link runRestartCommand}. */
export interface RestartCommandOptions<Config = undefined> {
  /** Of the coordination socket, or how it follows from the configuration that `validate` gave. */
  path: string | ((config: Config) => string | Promise<string>)
  /** Reads the configuration and throws if it is wrong. Run before a restart, and before all else if `path` needs it. */
  validate?: (() => Config | Promise<Config>) | undefined
  /** The words after the name of the program; a first `restart` may be among them. Default `process.argv.slice(2)`. */
  argv?: readonly string[] | undefined
  /** What stands before messages. Default: the name of the script, and `restart`. */
  program?: string | undefined
  /** Default `process.stdout`. */
  stdout?: Writable | undefined
  /** Default `process.stderr`. */
  stderr?: Writable | undefined
}

/**
 * What `app restart` does: looks at the configuration, asks the running instance to restart, tells how it goes, and
 * resolves to the exit status, one of {@link exitStatus}.
 *
 * Other first words ask for something else: `status`, `stop`, `rollback`, `ping`; `--help` tells all. Progress and
 * failures go to standard error, the result to standard output. SIGINT and SIGTERM end the wait, never what was asked.
 *
 * Throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE` for options that are wrong; all else that
 * is or goes wrong is told, and an exit status.
 */
export async function runRestartCommand<Config = undefined>(
  options: RestartCommandOptions<Config>,
): Promise<ExitStatus> {
  checkKnown('options', options, ['path', 'validate', 'argv', 'program', 'stdout', 'stderr'])
  const {
    path,
    validate,
    argv = process.argv.slice(2),
    program = `${basename(process.argv[1] ?? 'app')} restart`,
    stdout = process.stdout,
    stderr = process.stderr,
  } = options
  if (typeof path !== 'string' && typeof path !== 'function') {
    throw invalidType('path', 'a string or a function', path)
  }
  if (validate !== undefined) checkFunction('validate', validate)
  if (!Array.isArray(argv)) throw invalidType('argv', 'an array', argv)
  if (typeof program !== 'string') throw invalidType('program', 'a string', program)
  return runProgram({
    name: program,
    words: argv,
    stdout,
    stderr,
    // What `validate` gives is what `path` gets.
    source: () => ({ path: path as string | ((config: unknown) => string | Promise<string>), validate }),
  })
}
