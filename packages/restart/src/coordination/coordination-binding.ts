export interface CoordinationBinding {
  /** `listen(2)`, also on what listens already: this process is then the one that peers see. Throws. */
  listenOn(fd: number, backlog: number): void
  /** The descriptor of a connection, or `-errno`; `-EAGAIN` when nobody waits. */
  acceptConnection(fd: number): number
}
