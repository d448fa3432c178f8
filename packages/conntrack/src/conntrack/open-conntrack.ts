import { checkKnown } from '../errors/invalid-argument.js'
import { Conntrack } from './conntrack.js'
import { openSession, type SessionOptions } from './session.js'

export interface OpenConntrackOptions extends SessionOptions {
  /** Path of a network namespace, or the number of an open descriptor of one. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string | number | undefined
  /** Room for answers. The default holds those of any bulk. @default net.core.rmem_default */
  receiveBufferBytes?: number | undefined
  /** @default net.core.wmem_default */
  sendBufferBytes?: number | undefined
}

const known = new Set(['netns', 'receiveBufferBytes', 'sendBufferBytes'])

/**
 * Opens the connection tracking table of a network namespace.
 *
 * The namespace counts only now: the table stays its own, even if its name is deleted. An idle handle does not keep the
 * process alive. Requires Linux 4.20. Rejects with ConntrackError (`ENOENT` for the namespace, `EPERM`,
 * `EPROTONOSUPPORT` without CONFIG_NF_CT_NETLINK, `ERR_UNSUPPORTED_PLATFORM`), TypeError or RangeError.
 */
export async function openConntrack(options: OpenConntrackOptions = {}): Promise<Conntrack> {
  checkKnown('options', options, known)
  return new Conntrack(await openSession(options))
}
