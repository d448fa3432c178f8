import { RestartError } from '../errors/restart-error.js'

export function channelClosed(who: 'this end' | 'the other end', cause?: unknown): RestartError {
  return new RestartError(`${who} of the channel is closed`, { code: 'ERR_RESTART_CHANNEL_CLOSED', cause })
}

export function channelMalformed(what: string): RestartError {
  return new RestartError(`the other end of the channel sent ${what}`, {
    code: 'ERR_RESTART_CHANNEL_MALFORMED',
    hint: 'Both ends must be @slatfatf/restart, and nobody else may use the descriptor',
  })
}

export function descriptorsLost(total: number): RestartError {
  return new RestartError(`a message came without its ${total} descriptors`, {
    code: 'ERR_RESTART_DESCRIPTORS_LOST',
    hint: 'This process may not open so many (ulimit -n, or LimitNOFILE= in the unit), or a security module refused them; the sender still has its own',
  })
}

export function tooManyDescriptors(who: string, needed: number, free: number): RestartError {
  return new RestartError(`${who} has room for ${free} more descriptors, not for ${needed}`, {
    code: 'ERR_RESTART_TOO_MANY_DESCRIPTORS',
    hint: 'Raise its limit of open files: LimitNOFILE= in the unit, ulimit -n in a shell',
  })
}
