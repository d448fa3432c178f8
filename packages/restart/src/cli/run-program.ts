import type { Writable } from 'node:stream'
import { ACTION_TIMEOUT_MS } from '../coordination/ask-options.js'
import { isOneOf } from '../coordination/json-object.js'
import { BUSY } from '../coordination/protocol.js'
import { type Validation, validate } from '../coordination/validation.js'
import { type CommandLine, parseCommandLine } from './command-line.js'
import { doCommand, type Errand } from './do-command.js'
import { type ExitStatus, exitStatus, exitStatusOf } from './exit-status.js'
import { parseDuration } from './parse-duration.js'
import { errorText } from './render/error-text.js'
import { helpText } from './render/help.js'
import { outputTo } from './render/output.js'
import { type Report, reportTo } from './report.js'
import { UsageError } from './usage-error.js'

/** A program around the requests: an application, or the one that comes with the package. */
export interface Program {
  name: string
  words: readonly string[]
  stdout: Writable
  stderr: Writable
  /** Where the path and the check of the configuration are from. Throws UsageError. */
  source(values: CommandLine['values']): Source
  /** Only of the one that comes with the package. */
  version?: string
}

export interface Source {
  /** A function gets what `validate` gave. */
  path: string | ((config: unknown) => string | Promise<string>)
  validate: Validation | undefined
}

type Plan = Omit<Errand, 'path' | 'signal'>

/** Does what the words say, and resolves to the exit status. */
export async function runProgram(program: Program): Promise<ExitStatus> {
  const { name, version, words } = program
  const isStandalone = version !== undefined
  const output = outputTo(program.stdout, program.stderr)
  let line: CommandLine
  let plan: Plan
  let source: Source
  try {
    line = parseCommandLine(words, isStandalone)
    if (line.values.help || line.values.version) {
      await output.print(line.values.help ? helpText(name, isStandalone) : version!)
      return exitStatus.ok
    }
    plan = planOf(line)
    source = program.source(line.values)
  } catch (error) {
    output.note(errorText(name, error))
    output.note(`  ${name} --help tells what there is`)
    return exitStatusOf(error)
  }
  const report = reportTo(output, name, line)
  const interruption = new AbortController()
  const interrupt = () => interruption.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    await run(plan, source, interruption.signal, report)
    return exitStatus.ok
  } catch (error) {
    return await report.failed(error)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

function planOf({ command, values }: CommandLine): Plan {
  const { timeout, busy, 'drain-timeout': drainTimeout } = values
  if (busy !== undefined && !isOneOf(busy, BUSY)) throw new UsageError(`--busy takes ${BUSY.join(', ')}`)
  return {
    command,
    busy,
    timeoutMs: timeout === undefined ? undefined : parseDuration('timeout', timeout),
    drainTimeoutMs: drainTimeout === undefined ? undefined : parseDuration('drain-timeout', drainTimeout),
  }
}

async function run(plan: Plan, source: Source, signal: AbortSignal, report: Report): Promise<void> {
  const begun = performance.now()
  let config: unknown
  // What only asks need not be kept from it by a configuration that is being edited.
  if (source.validate !== undefined && (plan.command === 'restart' || typeof source.path === 'function')) {
    if (plan.command === 'restart') report.progress({ stage: 'validating' })
    config = await validate(source.validate, { timeoutMs: plan.timeoutMs ?? ACTION_TIMEOUT_MS, signal })
  }
  const path = typeof source.path === 'function' ? await source.path(config) : source.path
  const takenMs = Math.round(performance.now() - begun)
  const timeoutMs = plan.timeoutMs === undefined ? undefined : Math.max(0, plan.timeoutMs - takenMs)
  await doCommand({ ...plan, path, timeoutMs, signal }, report)
}
