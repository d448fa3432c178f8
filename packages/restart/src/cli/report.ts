import type { Progress } from '../coordination/protocol.js'
import type { CommandLine } from './command-line.js'
import { type ExitStatus, exitStatus, exitStatusOf } from './exit-status.js'
import { errorRecord } from './render/error-record.js'
import { errorText } from './render/error-text.js'
import type { Output } from './render/output.js'
import { progressText } from './render/progress-text.js'

/** Tells how a command goes, to people or to programs. */
export interface Report {
  progress(progress: Progress): void
  /** The answer: `fields` for programs, `text` for people. */
  done(fields: object, text: string): Promise<void>
  failed(error: unknown): Promise<ExitStatus>
}

export function reportTo(output: Output, program: string, { command, values }: CommandLine): Report {
  return values.json ? jsonReport(output) : textReport(output, program, command, values.quiet === true)
}

function jsonReport(output: Output): Report {
  return {
    progress: (progress) => void output.print(JSON.stringify({ type: 'progress', ...progress })),
    done: (fields) =>
      output.print(JSON.stringify({ type: 'answer', ok: true, ...fields, exitStatus: exitStatus.ok })),
    async failed(error) {
      const status = exitStatusOf(error)
      await output.print(JSON.stringify(errorRecord(error, status)))
      return status
    },
  }
}

function textReport(output: Output, program: string, command: string, isQuiet: boolean): Report {
  let last: Progress | undefined
  return {
    progress(progress) {
      const isNews = progress.stage !== last?.stage || progress.message !== last.message
      last = progress
      if (isNews && !isQuiet) output.note(`${program}: ${progressText(progress)}`)
    },
    done: (_, text) => output.print(text),
    async failed(error) {
      const status = exitStatusOf(error)
      output.note(isAbort(error) ? `${program}: interrupted` : errorText(program, error))
      if (isAbort(error)) output.note('  What was asked goes on: only the wait for it has ended')
      if (status === exitStatus.failed && command === 'restart') {
        output.note('  Nothing has changed: the instance that was asked serves on')
      }
      return status
    },
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
