import { RestartError } from '../errors/restart-error.js'

export const stateCodes = {
  foreign: 'ERR_RESTART_STATE_FOREIGN',
  truncated: 'ERR_RESTART_STATE_TRUNCATED',
  damaged: 'ERR_RESTART_STATE_DAMAGED',
  version: 'ERR_RESTART_STATE_VERSION',
  tooLarge: 'ERR_RESTART_STATE_TOO_LARGE',
} as const

type StateCode = (typeof stateCodes)[keyof typeof stateCodes]

const hints: Record<StateCode, string> = {
  [stateCodes.foreign]: 'Check that this is the right file, and that nobody else may write to it',
  [stateCodes.truncated]:
    'The writer ended before it was done, or somebody shortened the file: start without it',
  [stateCodes.damaged]: 'Somebody else wrote to it, or it was copied incompletely: start without it',
  [stateCodes.version]:
    'Another version of the program wrote it: teach this one to read it, or start without it',
  [stateCodes.tooLarge]: 'Raise maxBytes, or leave behind less',
}

export function refusedState(code: StateCode, what: string, hint: string = hints[code]): RestartError {
  return new RestartError(`${what} [${code}]. ${hint}`, { code, hint })
}
