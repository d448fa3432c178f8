/** What the addon tells about a descriptor. */
export interface SocketFacts {
  /** IPPROTO_TCP, _UDP, _ICMP or _ICMPV6. */
  protocol: number
  /** Empty if it is no IP socket. */
  address: string
  port: number
  /** As in `include/net/tcp_states.h`; 0 if it is not TCP. */
  state: number
  fastOpenConnect: boolean
  repair: boolean
  shared: boolean
}

/**
 * The calls that reserve. Each returns a descriptor or `-errno` and fills `outcome`. `ports` packs a range as
 * IP_LOCAL_PORT_RANGE wants it, first port in the low half; `port` is bound as it is, or 0 to pick from `ports`.
 */
export interface ReservationBinding {
  reserveTuple(
    address: string,
    port: number,
    ports: number,
    remoteAddress: string,
    remotePort: number,
    mark: number,
    device: string,
    shared: boolean,
    outcome: Int32Array,
  ): number
  reserveRepair(
    address: string,
    ports: number,
    remoteAddress: string,
    remotePort: number,
    mark: number,
    device: string,
    shared: boolean,
    outcome: Int32Array,
  ): number
  reservePort(
    udp: boolean,
    address: string,
    port: number,
    ports: number,
    mark: number,
    device: string,
    shared: boolean,
    outcome: Int32Array,
  ): number
  reserveEchoId(
    address: string,
    id: number,
    mark: number,
    device: string,
    shared: boolean,
    outcome: Int32Array,
  ): number
  close(fd: number): number
  setCloseOnExec(fd: number): number
  /** Throws with `errno`, `code` and `syscall`. */
  socketFacts(fd: number): SocketFacts
}
