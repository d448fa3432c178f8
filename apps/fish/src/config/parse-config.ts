import { type Document, LineCounter, parseDocument } from 'yaml'
import type { Config } from './config.js'
import { ConfigError, type ConfigProblem } from './config-error.js'
import { configSchema } from './config-schema.js'
import { crossCheck } from './cross-checks.js'
import { describeIssue } from './describe-issue.js'
import { formatPath } from './document-path.js'
import { DocumentPositions } from './document-positions.js'
import type { Finding } from './finding.js'
import { collectWarnings } from './warnings.js'

/**
 * Validates the text of a configuration file (YAML 1.2).
 *
 * @param fileName - only named in problems; nothing is read
 * @throws {ConfigError} `ERR_CONFIG` with every problem, in the order of the file
 */
export function parseConfig(text: string, fileName: string): Config {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const positions = new DocumentPositions(parsed, lines)
  const problems: ConfigProblem[] = parsed.errors.map((error) => ({
    file: fileName,
    ...positions.ofOffset(error.pos[0]),
    path: '',
    message: error.message,
    expected: 'a YAML document',
  }))
  // After a duplicate key the rest still means what it says; after any other error it may not.
  if (parsed.errors.some((error) => error.code !== 'DUPLICATE_KEY')) throw new ConfigError(problems)

  const document = toValues(parsed, fileName)
  const result = configSchema.safeParse(document)
  const findings = result.success
    ? []
    : result.error.issues.flatMap((issue) => describeIssue(issue, document))
  findings.push(
    ...crossCheck(document, (path) => {
      const { line, column } = positions.ofValue(path)
      return `${fileName}:${line}:${column}`
    }),
  )
  problems.push(...findings.map((finding) => locate(finding, positions, fileName)))
  if (!result.success || problems.length > 0) {
    throw new ConfigError(problems.sort((a, b) => a.line - b.line || a.column - b.column))
  }
  const { metrics = false, ...settings } = result.data
  return { ...settings, metrics, warnings: collectWarnings(document, settings.timeouts) }
}

/** Plain values; an empty file is an empty map. */
function toValues(parsed: Document.Parsed, file: string): unknown {
  try {
    return parsed.toJS() ?? {}
  } catch (cause) {
    // Aliases that unfold into too much are only found here.
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message, expected: 'a YAML document' }], {
      cause,
    })
  }
}

function locate({ path, key, message, expected }: Finding, positions: DocumentPositions, file: string) {
  const position = key === undefined ? positions.ofValue(path) : positions.ofKey(path, key)
  return { file, ...position, path: formatPath(key === undefined ? path : [...path, key]), message, expected }
}
