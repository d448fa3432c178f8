import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

export interface Command {
  file: string
  args: string[]
  cwd: string
  env: Record<string, string | undefined>
}

export interface ProcessFacts {
  execPath: string
  execArgv: readonly string[]
  argv: readonly string[]
  /** As the kernel says it: without symbolic links. */
  cwd: string
  /** As the shell said it. */
  pwd: string | undefined
  realpath(path: string): string
}

/**
 * The command that starts this program again: the same Node, its options, the same script and arguments.
 *
 * A service that was started in `/srv/app/current`, a symbolic link, is started again there, wherever the link leads by
 * then: getcwd(2) would say `/srv/app/releases/7` for ever.
 */
export function defaultCommand(facts: ProcessFacts): { file: string; args: string[]; cwd: string } {
  const cwd = logicalDirectory(facts)
  const [script, ...rest] = facts.argv.slice(1)
  const inside = script?.startsWith(`${facts.cwd}/`)
  const again = script !== undefined && inside ? join(cwd, script.slice(facts.cwd.length + 1)) : script
  return {
    file: facts.execPath,
    args: [...facts.execArgv, ...(again === undefined ? [] : [again]), ...rest],
    cwd,
  }
}

function logicalDirectory({ cwd, pwd, realpath }: ProcessFacts): string {
  if (!pwd?.startsWith('/')) return cwd
  try {
    return realpath(pwd) === cwd ? pwd : cwd
  } catch {
    return cwd
  }
}

/** Asked when the module is loaded: a program may change its directory and its arguments later. */
const atStart = defaultCommand({
  execPath: process.execPath,
  execArgv: [...process.execArgv],
  argv: [...process.argv],
  cwd: currentDirectory(),
  pwd: process.env.PWD,
  realpath: realpathSync,
})

/** What belongs to this process, and would mislead another. */
const OWN_VARIABLES = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
  'WATCHDOG_PID',
  'MAINPID',
  'RESTART_CHANNEL_FD',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
]

/**
 * As this process was given it. What the program, `--env-file` or dotenv added would else win over what the files say by
 * then: none of them overwrites what is set.
 */
const environmentAtStart = readEnvironment()

function readEnvironment(): Record<string, string | undefined> {
  let text: string
  try {
    text = readFileSync('/proc/self/environ', 'utf8')
  } catch {
    // No /proc, or not ours to read after a change of user.
    return { ...process.env }
  }
  const pairs = text.split('\0').filter((pair) => pair.includes('=', 1))
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=', 1)), pair.slice(pair.indexOf('=', 1) + 1)]),
  )
}

/** The command of the next version: what was given, and for the rest the same process again. */
export function commandFor(
  given: {
    file?: string | undefined
    args?: readonly string[] | undefined
    cwd?: string | undefined
    env?: Readonly<Record<string, string | undefined>> | undefined
  },
  environment: Readonly<Record<string, string | undefined>> = environmentAtStart,
): Command {
  const { file, args, cwd, env } = given
  const inherited = { ...environment }
  for (const name of OWN_VARIABLES) delete inherited[name]
  return {
    file: file ?? atStart.file,
    // Arguments of Node mean nothing to another program.
    args: args ? [...args] : file === undefined ? atStart.args : [],
    cwd: cwd ?? atStart.cwd,
    env: { ...inherited, ...env },
  }
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch {
    // It was removed; a new version cannot be started there, which is told when it is tried.
    return '/'
  }
}
