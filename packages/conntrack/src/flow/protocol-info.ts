/** States of TCP in connection tracking (`enum tcp_conntrack`); they differ from those of a socket. */
export type TcpState =
  | 'NONE'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'ESTABLISHED'
  | 'FIN_WAIT'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'SYN_SENT2'

export type SctpState =
  | 'NONE'
  | 'CLOSED'
  | 'COOKIE_WAIT'
  | 'COOKIE_ECHOED'
  | 'ESTABLISHED'
  | 'SHUTDOWN_SENT'
  | 'SHUTDOWN_RECD'
  | 'SHUTDOWN_ACK_SENT'
  | 'HEARTBEAT_SENT'

export type DccpState =
  | 'NONE'
  | 'REQUEST'
  | 'RESPOND'
  | 'PARTOPEN'
  | 'OPEN'
  | 'CLOSEREQ'
  | 'CLOSING'
  | 'TIMEWAIT'
  | 'IGNORE'
  | 'INVALID'

/** Bits of one direction (`IP_CT_TCP_FLAG_*`), and which of them are meant. */
export interface TcpFlags {
  flags: number
  mask: number
}

export interface TcpInfo {
  state: TcpState | number
  /** To be set, both are needed; the flags then have WINDOW_SCALE unless they are given. */
  windowScaleOriginal?: number | undefined
  windowScaleReply?: number | undefined
  flagsOriginal?: TcpFlags | undefined
  flagsReply?: TcpFlags | undefined
}

export interface SctpInfo {
  state: SctpState | number
  verificationTagOriginal?: number | undefined
  verificationTagReply?: number | undefined
}

export interface DccpInfo {
  state: DccpState | number
  role?: 'client' | 'server' | undefined
  handshakeSequence?: bigint | undefined
}

/** What the protocol's tracker knows. One of them, by the flow's protocol. */
export interface ProtocolInfo {
  tcp?: TcpInfo | undefined
  sctp?: SctpInfo | undefined
  dccp?: DccpInfo | undefined
}
