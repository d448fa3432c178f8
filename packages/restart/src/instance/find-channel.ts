import { binding } from '../binding.js'
import { type FdChannel, openChannel } from '../channel/fd-channel.js'
import { RestartError } from '../errors/restart-error.js'
import { CHANNEL_FD, CHANNEL_VARIABLE } from '../handover/messages.js'

/**
 * The channel to the version that started this one, if one did. The variable is taken out of `env`, so that no child
 * takes the number for its own.
 *
 * Throws `ERR_RESTART_NOT_A_CHANNEL` when the descriptor is lost, `ERR_RESTART_ENVIRONMENT_LOST` when the variable is.
 */
export function findChannel(env: NodeJS.ProcessEnv = process.env): FdChannel | undefined {
  const value = env[CHANNEL_VARIABLE]
  delete env[CHANNEL_VARIABLE]
  if (value !== undefined) return openGiven(value)
  // A service manager may pass any socket there.
  if (env.LISTEN_FDS === undefined && isForeignChannel(CHANNEL_FD)) {
    throw new RestartError(
      `descriptor ${CHANNEL_FD} is a channel to a running version, but ${CHANNEL_VARIABLE} is not in the environment`,
      {
        code: 'ERR_RESTART_ENVIRONMENT_LOST',
        hint: 'A wrapper around this program clears the environment (env -i, sudo): let it keep the variable',
      },
    )
  }
  return undefined
}

function openGiven(value: string): FdChannel {
  try {
    if (!/^\d{1,9}$/.test(value)) throw new Error(`${CHANNEL_VARIABLE} is "${value}"`)
    return openChannel(Number(value))
  } catch (cause) {
    throw new RestartError(`the channel to the running version is lost: ${(cause as Error).message}`, {
      code: 'ERR_RESTART_NOT_A_CHANNEL',
      hint: `A wrapper around this program closes descriptors (sudo does, from ${CHANNEL_FD} on), or ${CHANNEL_VARIABLE} is set by hand`,
      cause,
    })
  }
}

/** A pair of SEQPACKET sockets that another process made: nothing that Node or this process opens looks like it. */
function isForeignChannel(fd: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    const description = binding().describeFd(fd)
    return (
      description.kind === 'socket' &&
      description.family === 'unix' &&
      description.type === 'seqpacket' &&
      !description.listening &&
      description.local === undefined &&
      binding().peerCredentials(fd).pid !== process.pid
    )
  } catch {
    return false
  }
}
