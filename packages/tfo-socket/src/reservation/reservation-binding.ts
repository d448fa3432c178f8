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

/** The calls that reserve take their arguments from `requestBlock`, and return a descriptor or `-errno`. */
export interface ReservationBinding {
  /** Memory that is shared with the addon: `struct RequestBlock` in native/request_block.h. */
  readonly requestBlock: ArrayBuffer
  reserveTuple(): number
  reserveRepair(): number
  reservePort(): number
  reserveEchoId(): number
  /** Writes 4 or 16 bytes and returns the family, 4 or 6; 0 for what is no address. */
  parseAddress(text: string, bytes: Uint8Array): number
  close(fd: number): number
  setCloseOnExec(fd: number): number
  /** Throws with `errno`, `code` and `syscall`. */
  socketFacts(fd: number): SocketFacts
}
