import { lookup } from 'node:dns/promises'
import { RestartError } from '../errors/restart-error.js'
import { isNumeric } from './listen-address.js'

/** The first address of a name, as `server.listen` takes it; a numeric one is itself. */
export async function resolveHost(host: string): Promise<string> {
  if (isNumeric(host)) return host
  try {
    const { address } = await lookup(host)
    return address
  } catch (cause) {
    const { code = 'ENOTFOUND' } = cause as NodeJS.ErrnoException
    throw new RestartError(`${host} has no address [${code}]`, {
      code,
      syscall: 'getaddrinfo',
      hint: `See: getent hosts ${host}`,
      cause,
    })
  }
}
