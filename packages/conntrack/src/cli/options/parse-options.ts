import { parseArgs } from 'node:util'
import { UsageError } from '../usage-error.js'
import type { OptionTable, OptionValues } from './option-table.js'

/** Reads the words after the name of a command. Throws UsageError. */
export function parseOptions<T extends OptionTable>(args: readonly string[], options: T): OptionValues<T> {
  const { values, tokens } = parse(args, options)
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    // parseArgs would take the last one without a word.
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given twice`)
    seen.add(token.name)
  }
  return values as OptionValues<T>
}

function parse(args: readonly string[], options: OptionTable) {
  try {
    // A negative number is no option, but no option here takes one.
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false, tokens: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.split('. To specify')[0])
  }
}
