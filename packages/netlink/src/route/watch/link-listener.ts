import type { NetlinkError } from '../../errors/netlink-error.js'
import type { Link } from '../link/link.js'

/** Who is told about links. What a function of it throws becomes an uncaught exception and harms nothing else. */
export interface LinkListener {
  /** A link that was not there: made here, or moved here. That it is set up is told later, as a change. */
  added?(link: Link): void
  /** Something that {@link Link} shows is different from `before`: up, down, MTU, name, ... */
  changed?(link: Link, before: Link): void
  /** A link that was deleted or moved away, as it was in its last moment. */
  removed?(link: RemovedLink): void
  /**
   * Events were lost (`ENOBUFS`, `ERR_NETLINK_TRUNCATED`, `ERR_NETLINK_MALFORMED`). The links are read anew by
   * themselves, and the functions above are told what is different. What was and is no more, such as a moment
   * of being down, is not told.
   */
  lost?(error: NetlinkError): void
  /** The watch has ended because its socket failed. Without this function that is an uncaught exception. */
  failed?(error: NetlinkError): void
}

export interface RemovedLink extends Link {
  /** Its index in the namespace it moved to; absent if it was deleted, or if the event of it was lost. */
  movedToIndex?: number
}
