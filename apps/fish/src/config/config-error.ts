/** One mistake in a configuration file. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Where in the document, for example `slices[0].ports`; empty for the document itself. */
  readonly path: string
  readonly message: string
  readonly expected: string
}

const brand = Symbol.for('@slatfatf/fish.ConfigError')

/** The configuration cannot be used; `problems` names every reason, in the order of the file. */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options)
    this.name = 'ConfigError'
    this.problems = problems
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Tells whether `value` is a {@link ConfigError}, whichever copy of this module made it. */
export function isConfigError(value: unknown): value is ConfigError {
  return value instanceof Error && brand in value
}

function formatProblem(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`
}
