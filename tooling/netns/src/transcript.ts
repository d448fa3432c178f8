import { type CommandOptions, type CommandResult, commandLine, runCommand } from './command.js'
import { isNetnsError, NetnsError } from './netns-error.js'

const shownCommands = 50

/** Runs commands and remembers them, so that a failure can show how the lab came to be what it is. */
export class Transcript {
  readonly #lines: string[] = []

  /** Every command so far, in the order in which they were started. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** Adds a command that is run by other means. */
  add(command: string, args: readonly string[], input?: string): void {
    this.#lines.push(commandLine(command, args, input))
  }

  /** Runs a command; the error of one that fails ends with the commands that came before it. */
  async run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const before = this.#lines.length
    this.add(command, args, options.input)
    try {
      return await runCommand(command, args, options)
    } catch (error) {
      if (!isNetnsError(error)) throw error
      throw new NetnsError(error.code, error.message + this.#history(before), error)
    }
  }

  #history(end: number): string {
    if (end === 0) return ''
    const lines = this.#lines.slice(Math.max(0, end - shownCommands), end)
    return `\n\nCommands of this lab before it:\n${lines.join('\n').replaceAll(/^/gm, '  ')}`
  }
}
