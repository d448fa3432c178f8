import type { OptionTable, OptionValues } from './options/option-table.js'
import type { Output } from './render/output.js'

/** One command of the program: what it takes, what its help says, and what it does. */
export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** More, for its own help. */
  readonly details?: string
  /** Words after the name of the command that are no options, for the first line of its help. */
  readonly usage: string
  readonly options: OptionTable
  /** Whole lines as one would type them, without the name of the program. */
  readonly examples: readonly string[]
  /** Resolves to the exit status. */
  run(values: OptionValues<OptionTable>, output: Output): Promise<number>
}

/** Gives `run` the types of the options that the command takes. */
export function command<const T extends OptionTable>(
  definition: Omit<Command, 'options' | 'run'> & {
    options: T
    run(values: OptionValues<T>, output: Output): Promise<number>
  },
): Command {
  return definition as unknown as Command
}
