import type { IpFamily } from '../codec/ip-prefix.js'
import type { NetlinkMessage } from '../codec/message.js'
import { malformedError } from '../errors/netlink-error.js'
import { AF_INET, AF_INET6 } from './constants.js'

export function familyNumber(family: IpFamily): number {
  return family === 4 ? AF_INET : AF_INET6
}

/** That of any message of rtnetlink, whose headers all begin with it; undefined for other protocols. */
export function familyOf({ payload }: NetlinkMessage): IpFamily | undefined {
  if (payload.byteLength === 0) throw malformedError('a message without the header of its family')
  const family = payload.getUint8(0)
  if (family === AF_INET) return 4
  return family === AF_INET6 ? 6 : undefined
}

/** Both, one after the other, when none is asked for: a dump of all families would bring multicast routing along. */
export function familiesOf(family: IpFamily | undefined): readonly IpFamily[] {
  return family === undefined ? [4, 6] : [family]
}
