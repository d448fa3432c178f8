import { TUN_COUNTER } from '../queue/tun-counter.js'
import { EBADMSG, EFAULT, EINVAL, EIO, EOPNOTSUPP } from './linux-errno.js'

/** Counts a packet that was refused, under the reasons the addon knows. */
export function countDrop(counters: Float64Array, errno: number): void {
  counters[TUN_COUNTER.writeErrors]! += 1
  counters[reasonOf(errno)]! += 1
}

function reasonOf(errno: number): number {
  switch (errno) {
    case EFAULT:
      return TUN_COUNTER.dropOutside
    case EBADMSG:
    case EINVAL:
      return TUN_COUNTER.dropMalformed
    case EIO:
      return TUN_COUNTER.dropDown
    case EOPNOTSUPP:
      return TUN_COUNTER.dropUnsupported
    default:
      return TUN_COUNTER.dropOther
  }
}
