import { describe, expect, it } from 'vitest'
import { isTransitory, nextTcpState, TCP_ACK, TCP_FIN, TCP_RST, TCP_STATE, TCP_SYN } from './tcp-state.js'

const client = true
const remote = false

/** State after a connection's packets, each `[flags, fromClient]`. */
function after(...packets: [flags: number, fromClient: boolean][]): number {
  return packets.reduce(
    (state, [flags, from]) => nextTcpState(state, flags, from),
    TCP_STATE.opening as number,
  )
}

const handshake: [number, boolean][] = [
  [TCP_SYN, client],
  [TCP_SYN | TCP_ACK, remote],
  [TCP_ACK, client],
]

describe('nextTcpState', () => {
  it('is established only after the remote has answered with SYN', () => {
    expect(after([TCP_SYN, client], [TCP_ACK, client])).toBe(TCP_STATE.opening)
    expect(after([TCP_SYN, client], [TCP_ACK, remote])).toBe(TCP_STATE.opening)
    expect(after(...handshake)).toBe(TCP_STATE.established)
  })

  it('accepts a simultaneous open, where the remote answers with a bare SYN (RFC 5382 REQ-2)', () => {
    expect(after([TCP_SYN, client], [TCP_SYN, remote])).toBe(TCP_STATE.established)
  })

  it('is closing only after FIN from both sides, in either order', () => {
    expect(after(...handshake, [TCP_FIN, client])).toBe(TCP_STATE.clientFin)
    expect(after(...handshake, [TCP_FIN, client], [TCP_FIN, client])).toBe(TCP_STATE.clientFin)
    expect(after(...handshake, [TCP_FIN, client], [TCP_ACK, remote])).toBe(TCP_STATE.clientFin)
    expect(after(...handshake, [TCP_FIN, client], [TCP_FIN, remote])).toBe(TCP_STATE.closing)
    expect(after(...handshake, [TCP_FIN, remote], [TCP_FIN, client], [TCP_ACK, remote])).toBe(
      TCP_STATE.closing,
    )
  })

  it('comes back from a reset that the connection survives (RFC 7857 §2.2)', () => {
    expect(after(...handshake, [TCP_RST, remote])).toBe(TCP_STATE.reset)
    expect(after(...handshake, [TCP_RST, remote], [TCP_ACK, client])).toBe(TCP_STATE.established)
  })

  it('opens the next connection when the client sends a SYN on a flow that is over', () => {
    expect(after(...handshake, [TCP_FIN, client], [TCP_FIN, remote], [TCP_SYN, client])).toBe(
      TCP_STATE.opening,
    )
    expect(after(...handshake, [TCP_RST, client], [TCP_SYN, client])).toBe(TCP_STATE.opening)
  })

  it('does not let a lone FIN buy an unanswered SYN the long timeout', () => {
    expect(isTransitory(after([TCP_SYN, client], [TCP_FIN, client]))).toBe(true)
  })
})
