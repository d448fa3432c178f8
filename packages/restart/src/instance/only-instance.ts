import { RestartError } from '../errors/restart-error.js'

/** Another copy of this package in the process looks at the same place. */
const place = Symbol.for('@slatfatf/restart.instance')
const holder = globalThis as { [place]?: object | undefined }

/**
 * A process is one version of one service: signals, standard error and the channel are there once. The result lets the next
 * one in. Throws `ERR_RESTART_SECOND_INSTANCE`.
 */
export function becomeOnlyInstance(): () => void {
  if (holder[place] !== undefined) {
    throw new RestartError('this process is an instance already', {
      code: 'ERR_RESTART_SECOND_INSTANCE',
      hint: 'Call openInstance() once and pass on what it gives; another one is possible when that one has ended',
    })
  }
  const claim = {}
  holder[place] = claim
  return () => {
    if (holder[place] === claim) holder[place] = undefined
  }
}
