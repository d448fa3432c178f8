/** Everything returns 0 or more, or `-errno`. */
export interface FastOpenBinding {
  /**
   * Begins to connect; returns a descriptor. Empty strings and 0 leave the choice to the kernel; `ports` packs a range
   * as IP_LOCAL_PORT_RANGE wants it.
   */
  connect(
    remoteAddress: string,
    remotePort: number,
    localAddress: string,
    ports: number,
    mark: number,
    device: string,
    fastOpen: number,
    data: Uint8Array,
    outcome: Int32Array,
  ): number
  /** Sends the SYN of a reserved tuple. The descriptor stays the caller's, whatever is returned. */
  promote(fd: number, setMark: boolean, mark: number, data: Uint8Array, outcome: Int32Array): number
  /** Returns a descriptor. */
  listen(
    address: string,
    port: number,
    backlog: number,
    fastOpenQueue: number,
    noCookie: boolean,
    ipv6Only: boolean,
    mark: number,
    device: string,
    outcome: Int32Array,
  ): number
  /** The bytes that the kernel takes now. */
  send(fd: number, bytes: Uint8Array): number
  /** Fills `info` with TCP_INFO; returns how much of it this kernel has. */
  tcpInfo(fd: number, info: Uint8Array): number
}

/** What `fastOpen` of `connect` means. */
export const fastOpenModes = { off: 0, cookie: 1, noCookie: 2 } as const

/**
 * What `connect` and `promote` tell, one for each thread. Cells: local port, failed step, whether the SYN was kept back,
 * and the bytes that the kernel has taken.
 */
export const connectOutcome: Int32Array = new Int32Array(4)
