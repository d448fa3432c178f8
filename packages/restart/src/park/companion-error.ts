import { RestartError } from '../errors/restart-error.js'

export const companionCodes = {
  failed: 'ERR_RESTART_COMPANION_FAILED',
  foreign: 'ERR_RESTART_COMPANION_FOREIGN',
  gone: 'ERR_RESTART_COMPANION_GONE',
  malformed: 'ERR_RESTART_COMPANION_MALFORMED',
} as const

type CompanionCode = (typeof companionCodes)[keyof typeof companionCodes]

const hints: Record<CompanionCode, string> = {
  [companionCodes.failed]: 'The package must be installed as it is, dist/ and the addon included',
  [companionCodes.foreign]:
    'Choose a path in a folder that only this user may write to, such as one below /run or $XDG_RUNTIME_DIR',
  [companionCodes.gone]: 'Somebody took what it held, or ended it: open another and keep again',
  [companionCodes.malformed]: 'Another program, or another version of this package, is at this path',
}

export function companionError(code: CompanionCode, what: string, cause?: unknown): RestartError {
  return new RestartError(`${what} [${code}]. ${hints[code]}`, { code, hint: hints[code], cause })
}
