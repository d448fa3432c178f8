/** Datagrams since the server was opened. All that arrived are in `received` or `overLinks`, all that were dropped in one of the others. */
export interface ReaderCounters {
  /** Read from the socket. */
  received: number
  /** Came from another instance: for a session here, or because it has no such session any more. */
  overLinks: number
  /** Given to the older instance that has the session. */
  forwarded: number
  /** Given back to the instance that reads, because the session is over here. */
  bounced: number
  /** Dropped: an older instance has not read for so long that 4 MiB wait for it. */
  forwardOverflows: number
  /** Dropped: from a stranger after `stopAccepting()`, with no successor to read. */
  refusedStopping: number
}

export function emptyReaderCounters(): ReaderCounters {
  return { received: 0, overLinks: 0, forwarded: 0, bounced: 0, forwardOverflows: 0, refusedStopping: 0 }
}

/** Datagrams of a responder or server since it was opened. */
export interface UdpCounters extends ReaderCounters {
  /** Given to `onMessage`. */
  delivered: number
  /** Accepted by the kernel. */
  sent: number
  /** Not accepted: its buffer is full, there is no route, a firewall. */
  sendFailures: number
  /** Dropped by the kernel: nobody read in time, and `receiveBufferBytes` was full. All instances together. */
  kernelDrops: number
}

/** Datagrams and sessions of a server since it was opened. */
export interface UdpSessionCounters extends UdpCounters {
  opened: number
  /** Closed after `idleMs`. */
  idle: number
  /** Dropped: from a stranger, with `maxSessions` open. */
  refusedLimit: number
  /** Dropped: from a stranger that `accept` did not want. */
  refusedByFilter: number
  /** Dropped: the session has no `onMessage`, or `onSession` has closed it. */
  unheard: number
}
