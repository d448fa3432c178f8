import { RestartError } from '../errors/restart-error.js'

/**
 * The address in `$NOTIFY_SOCKET`, or undefined without one.
 *
 * Throws `ERR_RESTART_NOTIFY_ADDRESS` for one that a Unix datagram cannot be sent to: a service that went on would be killed later for
 * its silence.
 */
export function notifyAddress(env: NodeJS.ProcessEnv): string | undefined {
  const address = env.NOTIFY_SOCKET
  if (address === undefined || address === '') return undefined
  const kind = address[0]
  if (kind !== '/' && kind !== '@') {
    throw refusal(address, 'only a path or an abstract address (@…) can be used')
  }
  // sun_path of unix(7): a path ends with a NUL, an abstract name does not.
  const most = kind === '/' ? 107 : 108
  if (address.length < 2 || Buffer.byteLength(address) > most) {
    throw refusal(address, `an address has 2 to ${most} bytes`)
  }
  return address
}

function refusal(address: string, reason: string): RestartError {
  return new RestartError(`NOTIFY_SOCKET=${address} cannot be used: ${reason}`, {
    code: 'ERR_RESTART_NOTIFY_ADDRESS',
    hint: 'Start the service without NOTIFY_SOCKET, or with an address that the service manager itself set',
  })
}
