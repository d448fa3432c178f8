import { parseArgs } from 'node:util'
import { REQUEST_TYPES, type RequestType } from '../coordination/protocol.js'
import { UsageError } from './usage-error.js'

/** An option, and its line in the help. */
interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** Stands for the value in the help. */
  readonly value?: string
  readonly help: string
  /** Absent: of all. */
  readonly commands?: readonly RequestType[]
  /** Only of the program that comes with the package: an application knows it. */
  readonly standalone?: true
}

export const OPTIONS = {
  socket: { type: 'string', short: 's', value: 'PATH', help: 'of the coordination socket', standalone: true },
  timeout: {
    type: 'string',
    short: 't',
    value: 'DURATION',
    help: 'to wait for the answer: 500ms, 30s, 2min; default 2min, of status and ping 5s',
  },
  validate: {
    type: 'string',
    value: 'COMMAND',
    help: 'for sh -c; unless it exits with 0, nothing is asked',
    commands: ['restart'],
    standalone: true,
  },
  busy: {
    type: 'string',
    value: 'WHAT',
    help: "if one runs: 'share' its answer, 'wait' and restart once more, or 'refuse'",
    commands: ['restart'],
  },
  'drain-timeout': {
    type: 'string',
    value: 'DURATION',
    help: 'for the instance to finish its work; default: what it was started with',
    commands: ['stop'],
  },
  json: {
    type: 'boolean',
    help: 'JSON on standard output, one object a line, also for progress and failures',
  },
  quiet: { type: 'boolean', short: 'q', help: 'no progress' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
  version: { type: 'boolean', help: 'of the package', standalone: true },
} as const satisfies Record<string, Option>

type OptionName = keyof typeof OPTIONS

/** What was typed. */
export interface CommandLine {
  command: RequestType
  values: { [Name in OptionName]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string }
}

/** The options that a command has, in the order of the help. */
export function optionsOf(command: RequestType | undefined, isStandalone: boolean): [OptionName, Option][] {
  const all = Object.entries(OPTIONS) as [OptionName, Option][]
  return all.filter(
    ([, { commands, standalone }]) =>
      (isStandalone || !standalone) && (command === undefined || !commands || commands.includes(command)),
  )
}

/**
 * Reads `[restart] [COMMAND] [OPTIONS]`: the first word may be there because an application has it before others of
 * its own. Throws UsageError.
 */
export function parseCommandLine(words: readonly string[], isStandalone: boolean): CommandLine {
  const { values, positionals, tokens } = parse(words, isStandalone)
  const [first = 'restart', second, ...more] = positionals
  const command = first === 'restart' && second !== undefined ? second : first
  if (!isCommand(command)) {
    throw new UsageError(`there is no command '${command}'; there are ${REQUEST_TYPES.join(', ')}`)
  }
  const surplus = command === second ? more[0] : second
  if (surplus !== undefined) throw new UsageError(`'${surplus}' is one word too many`)
  const known = new Set(optionsOf(command, isStandalone).map(([name]) => name as string))
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!known.has(token.name)) throw new UsageError(`--${token.name} says nothing to '${command}'`)
    // parseArgs would take the last one without a word.
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given twice`)
    seen.add(token.name)
  }
  return { command, values: values as CommandLine['values'] }
}

function parse(words: readonly string[], isStandalone: boolean) {
  const options = Object.fromEntries(
    optionsOf(undefined, isStandalone).map(([name, { type, short }]) => [
      name,
      { type, ...(short && { short }) },
    ]),
  )
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true, tokens: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.split('. To specify')[0])
  }
}

function isCommand(word: string): word is RequestType {
  return (REQUEST_TYPES as readonly string[]).includes(word)
}
