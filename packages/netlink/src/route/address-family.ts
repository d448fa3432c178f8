import type { IpFamily } from '../ip-prefix.js'
import { AF_INET, AF_INET6 } from './constants.js'

export function familyNumber(family: IpFamily): number {
  return family === 4 ? AF_INET : AF_INET6
}

/** Both, one after the other, when none is asked for: a dump of all families would bring multicast routing along. */
export function familiesOf(family: IpFamily | undefined): readonly IpFamily[] {
  return family === undefined ? [4, 6] : [family]
}
