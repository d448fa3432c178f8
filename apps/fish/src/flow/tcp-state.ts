/**
 * States of a TCP flow as a translator sees it, after RFC 6146 §3.5.2. 0 is left to the other protocols.
 *
 * Sequence numbers are not tracked, so a reset is believed only for the length of the transitory timeout: any later packet of the
 * connection proves it wrong and brings the flow back (RFC 7857 §2.2).
 */
export const TCP_STATE = {
  /** The client's SYN went out. */
  opening: 1,
  established: 2,
  clientFin: 3,
  remoteFin: 4,
  /** Both sides have sent FIN. */
  closing: 5,
  /** A reset was seen from either side. */
  reset: 6,
} as const

export const TCP_FIN = 0x01
export const TCP_SYN = 0x02
export const TCP_RST = 0x04
export const TCP_ACK = 0x10

/** The state after a packet with these TCP flags. Pure; costs a few comparisons. */
export function nextTcpState(state: number, flags: number, fromClient: boolean): number {
  if (flags & TCP_RST) return TCP_STATE.reset
  if (flags & TCP_SYN) {
    if (!fromClient) return state === TCP_STATE.opening ? TCP_STATE.established : state
    // A new SYN of the client on a flow that is over opens the next connection on the same tuple (RFC 9293 §3.6.1).
    return state === TCP_STATE.established ? state : TCP_STATE.opening
  }
  if (flags & TCP_FIN) return afterFin(state, fromClient)
  return state === TCP_STATE.reset ? TCP_STATE.established : state
}

function afterFin(state: number, fromClient: boolean): number {
  const mine = fromClient ? TCP_STATE.clientFin : TCP_STATE.remoteFin
  const other = fromClient ? TCP_STATE.remoteFin : TCP_STATE.clientFin
  if (state === TCP_STATE.closing || state === other) return TCP_STATE.closing
  // A connection that never got an answer stays transitory: a FIN must not buy it the long timeout.
  return state === TCP_STATE.opening ? state : mine
}

/** True for states that end after the transitory timeout rather than the established one (RFC 5382 REQ-5). */
export function isTransitory(state: number): boolean {
  return state === TCP_STATE.opening || state === TCP_STATE.closing || state === TCP_STATE.reset
}
