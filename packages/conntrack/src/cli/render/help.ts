import type { Command } from '../command.js'
import type { Option } from '../options/option-table.js'

/** The help of the program. */
export function programHelp(program: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    `${program}: the connection tracking table of Linux`,
    '',
    `usage: ${program} COMMAND [OPTIONS]`,
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    `${program} COMMAND --help tells the options of a command, ${program} --version the version.`,
    'Exit status: 0 done; 1 nothing matched, no such entry, it exists already, the doctor found something;',
    '2 wrong use; 3 the system refused.',
  ].join('\n')
}

/** The help of one command. */
export function commandHelp(program: string, command: Command): string {
  const { name, summary, details, usage, options, examples } = command
  const lines = Object.entries(options).map(([option, definition]) => ({
    left: optionText(option, definition),
    right: definition.help,
  }))
  const width = Math.max(...lines.map(({ left }) => left.length))
  return [
    `usage: ${[program, name, usage].filter(Boolean).join(' ')}`,
    '',
    sentence(summary),
    ...(details ? [details] : []),
    '',
    ...lines.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`.trimEnd()),
    '',
    ...examples.map((example) => `  ${program} ${example}`),
  ].join('\n')
}

function optionText(name: string, { short, value }: Option): string {
  const letter = short === undefined ? '    ' : `-${short}, `
  return value === undefined ? `${letter}--${name}` : `${letter}--${name} ${value}`
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}
