import type { NetlinkMessage } from '../codec/message.js'
import type { NetlinkError } from '../errors/netlink-error.js'

export interface NetlinkSubscriber {
  /** A multicast message. It is valid until this returns. */
  message(message: NetlinkMessage): void
  /**
   * Messages were lost (`ENOBUFS`, `ERR_NETLINK_TRUNCATED`, `ERR_NETLINK_MALFORMED`). The socket goes on: read the state
   * anew, and let the receive buffer grow if it happens again. With any other code the socket has failed and is closed.
   */
  lost(error: NetlinkError): void
}

export interface SubscribeOptions {
  /** Whether the subscription keeps the process alive. @default true */
  ref?: boolean
}
