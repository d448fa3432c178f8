import type { Progress } from '../../coordination/protocol.js'
import { durationText } from './duration-text.js'
import { plainText } from './plain-text.js'

/** A step of a restart, for people. */
export function progressText({ stage, pid, sockets, remainingMs, message }: Progress): string {
  const newcomer = pid === undefined ? 'the new process' : `process ${pid}`
  const left = remainingMs === undefined ? '' : ` (${durationText(remainingMs)} left)`
  const words = message === undefined ? '' : `: ${plainText(message)}`
  switch (stage) {
    case 'validating':
      return `looking at the configuration${words}`
    case 'connecting':
      return `connecting to the running instance${words}`
    case 'spawning':
      return `a new process is begun${words}`
    case 'starting':
      return `${newcomer} starts${left}${words}`
    case 'handing-over':
      return `${newcomer} gets ${sockets === undefined ? 'the sockets' : amount(sockets, 'socket')}${words}`
    case 'waiting':
      return `waiting until ${newcomer} is ready${left}${words}`
    case 'holding':
      return `${newcomer} serves; the old one can take back${left}${words}`
    case 'ready':
      return `${newcomer} has taken over${words}`
  }
}

function amount(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
