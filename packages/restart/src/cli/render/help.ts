import type { RequestType } from '../../coordination/protocol.js'
import { optionsOf } from '../command-line.js'

export const COMMAND_SUMMARIES: Record<RequestType, string> = {
  restart: 'start a new process, and let it take over once it is ready (the default)',
  status: 'print what the instance is and does',
  stop: 'let the instance finish its work and end',
  rollback: 'take back a restart, while the old process is still held',
  ping: 'print who answers',
}

const EXIT_STATUSES = `
Exit status:
  0  done
  1  the instance tried and says no: most often the new process failed; who was asked serves on
  2  wrong use; nothing was asked
  3  the configuration is refused; nothing was asked
  4  nobody is there, or nobody who takes the connection; nothing was asked
  5  this user may not; nothing was done
  6  not now: a restart runs already, or the instance begins or ends; nothing was done
  7  no answer in time; what was asked goes on, and how it ends is unknown
  8  the connection was lost, or this command was interrupted; how it ended is unknown
  9  what answers speaks another version of the protocol, or something else

Ending this command never ends what it asked for. After 7 and 8 the status tells: its generation counts restarts.`

/** The text for `--help`. */
export function helpText(program: string, isStandalone: boolean): string {
  const commands = Object.entries(COMMAND_SUMMARIES)
  const options = optionsOf(undefined, isStandalone).map(([name, { short, value, help, commands }]) => {
    const letter = short === undefined ? '    ' : `-${short}, `
    const left = `${letter}--${name}${value === undefined ? '' : ` ${value}`}`
    return [left, commands ? `${commands.join(', ')}: ${help}` : help] as const
  })
  const width = Math.max(...options.map(([left]) => left.length))
  const socket = isStandalone ? '--socket PATH ' : ''
  return [
    `usage: ${program} ${socket}[COMMAND] [OPTIONS]`,
    '',
    'Asks a running instance over its coordination socket, and says how it went.',
    '',
    ...commands.map(([name, summary]) => `  ${name.padEnd(8)}  ${summary}`),
    '',
    ...options.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    EXIT_STATUSES,
  ].join('\n')
}
