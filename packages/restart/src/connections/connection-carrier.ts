/** The way of idle connections to the successor. */
export interface ConnectionCarrier {
  /**
   * Sends descriptors of connected sockets that belong to the server of this name.
   *
   * `true` means that the successor has all of them. With `false` or a rejection the sender keeps them, so the
   * successor must then have none. The descriptors stay the caller's, who closes them after the answer.
   */
  send(server: string, fds: readonly number[]): Promise<boolean>
}

/** The connections of one process on their way out, and those that it got from its predecessor. */
export interface DrainConnections {
  /** Leads to the successor; to be set before `start`. Without it connections are drained the ordinary way. */
  carrier: ConnectionCarrier | undefined
  /**
   * Takes over descriptors of connections that belong to the HTTP server of this name, which may be registered
   * later. After 10 s without such a server they are closed.
   *
   * If it throws they are still the caller's, and the predecessor should be told that they were not taken: RestartError
   * `ERR_RESTART_STOPPING` when the drain is over, `ERR_RESTART_TOO_MANY_DESCRIPTORS` when this process has no room for
   * them and for new ones.
   */
  receive(server: string, fds: readonly number[]): void
  /** Whether an HTTP server of this name was registered with `handOver`. */
  serves(server: string): boolean
}
