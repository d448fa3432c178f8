import type { Command } from './command.js'
import { EXIT } from './exit-status.js'
import { parseOptions } from './options/parse-options.js'
import { PROGRAM } from './program.js'
import { errorText } from './render/error-text.js'
import { commandHelp, programHelp } from './render/help.js'
import type { Output } from './render/output.js'
import { UsageError } from './usage-error.js'

/** Runs the command that the words name, and resolves to the exit status; what goes wrong is printed. */
export async function runCommand(
  args: readonly string[],
  { commands, version }: { commands: readonly Command[]; version: string },
  output: Output,
): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined) {
    output.note(programHelp(PROGRAM, commands))
    return EXIT.usage
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    await output.print(programHelp(PROGRAM, commands))
    return EXIT.ok
  }
  if (name === '--version') {
    await output.print(version)
    return EXIT.ok
  }
  const command = commands.find((each) => each.name === name)
  if (!command) {
    output.note(`${PROGRAM}: there is no command '${name}'; ${PROGRAM} --help lists them`)
    return EXIT.usage
  }
  try {
    const values = parseOptions(rest, command.options)
    if (values.help) {
      await output.print(commandHelp(PROGRAM, command))
      return EXIT.ok
    }
    return await command.run(values, output)
  } catch (error) {
    const isUsage = isWrongUse(error)
    output.note(errorText(PROGRAM, error))
    if (isUsage) output.note(`  ${PROGRAM} ${name} --help tells the options`)
    return isUsage ? EXIT.usage : EXIT.refused
  }
}

function isWrongUse(error: unknown): boolean {
  if (error instanceof UsageError) return true
  const { code } = error as { code?: unknown }
  return code === 'ERR_INVALID_ARG_TYPE' || code === 'ERR_INVALID_ARG_VALUE'
}
