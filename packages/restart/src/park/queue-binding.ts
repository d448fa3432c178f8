/** Descriptors in the receive queue of a Unix socket, and SEQPACKET sockets at a path. None of these calls waits. */
export interface QueueBinding {
  /**
   * One message: its bytes, or -errno (`EAGAIN`: there is none; `EMFILE`: no room for all its descriptors, none was kept open;
   * `EMSGSIZE`: `into` is too small). `descriptors[0]` becomes their number, and they follow, up to 253; an
   * array that is too short throws them away. With `peek` the message stays, and the descriptors are duplicates.
   */
  receiveQueued(fd: number, into: Uint8Array, descriptors: Int32Array, peek: boolean): number
  /** Where the next peek looks; every peek moves on. -1 ends that. Throws. */
  setPeekOffset(fd: number, offset: number): void
  /** Room for sent and not yet received messages; returns what was granted. Throws. */
  setSendBuffer(fd: number, bytes: number): number
  /** Throws. */
  listenQueue(path: string, mode: number, backlog: number): number
  /** Throws. */
  connectQueue(path: string): number
}
