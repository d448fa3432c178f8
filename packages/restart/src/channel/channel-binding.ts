/** Readiness of one descriptor, which it borrows: close this first. Results are 0 or `-errno`. */
export interface DescriptorPoll {
  /** Calls back as long as one of `events` is true. Holds the process open until {@link unref}. */
  start(events: number, callback: () => void): number
  stop(): number
  ref(): void
  unref(): void
  close(): void
}

/** Events of {@link DescriptorPoll.start}. */
export const READABLE = 1
export const WRITABLE = 2

/** The process at the other end when the connection or pair was made. */
export interface PeerCredentials {
  pid: number
  uid: number
  gid: number
}

/** `SCM_MAX_FD`: more descriptors in one message are `EINVAL`. */
export const MAX_DESCRIPTORS_PER_MESSAGE = 253

export interface ChannelBinding {
  /** Both close-on-exec and non-blocking. Throws with `code`, `errno` and `syscall`. */
  socketPair(type: 'seqpacket' | 'stream' | 'dgram'): [number, number]
  /** Bytes sent, or `-errno`; `-EAGAIN` is normal. */
  sendMessage(fd: number, bytes: Uint8Array, fds: Int32Array): number
  /**
   * Bytes received, 0 at the end, or `-errno`. `fds` has room for 254: their number, then they themselves. The number is
   * -1 if some were sent that this process could not take; then it has none of them. `-EMSGSIZE`: the message did not fit
   * into `into`, and is lost with its descriptors.
   */
  receiveMessage(fd: number, into: Uint8Array, fds: Int32Array): number
  /** Throws with `code`, `errno` and `syscall`. */
  peerCredentials(fd: number): PeerCredentials
  /** One datagram to a Unix socket; `@` begins an abstract address. Throws; `EAGAIN` when the queue there is full. */
  notify(address: string, payload: Uint8Array, fds: Int32Array): void
  /** What is owned is closed if the thread ends while this is open. Throws with `code`, `errno` and `syscall`. */
  readonly DescriptorPoll: new (
    fd: number,
    owned?: boolean,
  ) => DescriptorPoll
}
