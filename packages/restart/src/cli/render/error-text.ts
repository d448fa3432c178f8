import type { ProcessExit } from '../../coordination/protocol.js'
import { plainText } from './plain-text.js'

/** What went wrong, in lines: the words with the code, how the new process ended and what it wrote, what to do. */
export function errorText(program: string, error: unknown): string {
  if (!(error instanceof Error)) return `${program}: ${plainText(String(error))}`
  const { code, stage, hint, exit, stderr } = error as Error & {
    code?: string
    stage?: string
    hint?: string
    exit?: ProcessExit
    stderr?: readonly string[]
  }
  const message = withoutHint(error.message, hint)
  // The words of a mistake in typing say enough.
  const isCoded = code !== undefined && code !== 'ERR_RESTART_USAGE' && !message.includes(`[${code}]`)
  const [first, ...more] = message.split('\n')
  return [
    `${program}: ${plainText(first!)}${isCoded ? ` [${plainText(code)}]` : ''}`,
    ...more.map((line) => `  ${plainText(line)}`),
    ...(stage !== undefined && Object.hasOwn(STAGE_WORDS, stage)
      ? [`  it happened while ${STAGE_WORDS[stage]}`]
      : []),
    ...(exit === undefined ? [] : [`  ${exitText(exit)}`]),
    ...(stderr?.length
      ? ['  the last that it wrote:', ...stderr.map((line) => `    | ${plainText(line)}`)]
      : []),
    ...(hint === undefined ? [] : [`  ${plainText(hint)}`]),
    ...reasonIn(stderr ?? []),
  ].join('\n')
}

/** Logs show the last lines only, and those of a long stack say little: its first line comes again. */
function reasonIn(stderr: readonly string[]): string[] {
  const reason = stderr.find((line) => /^\w*(Error|Exception)\b.*: \S/.test(line))
  return reason === undefined || reason === stderr.at(-1) ? [] : [`  it said: ${plainText(reason)}`]
}

/** Of those before them the words tell. */
const STAGE_WORDS: Record<string, string> = {
  spawning: 'beginning the new process',
  starting: 'the new process started',
  'handing-over': 'the new process was given sockets and state',
  waiting: 'waiting for the new process to be ready',
  holding: 'the new process was held, and this one could take back',
  ready: 'the new process took over',
}

/** Where a message has its hint at its end. */
function withoutHint(message: string, hint: string | undefined): string {
  return hint !== undefined && message.endsWith(`. ${hint}`) ? message.slice(0, -hint.length - 2) : message
}

function exitText({ code, signal }: ProcessExit): string {
  return signal === null ? `it exited with status ${code}` : `it was ended by ${plainText(signal)}`
}
