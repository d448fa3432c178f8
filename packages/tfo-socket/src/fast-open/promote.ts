import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { binding } from '../binding.js'
import { checkBoolean, checkMark, checkOptions, invalidType, invalidValue } from '../errors/arguments.js'
import { hintFor } from '../errors/refusal.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import { isReservation, type Reservation, releasedError, takeFd } from '../reservation/reservation.js'
import { bytesOf } from './bytes-of.js'
import { checkData, checkSignal } from './connect-options.js'
import { connectOutcome } from './fast-open-binding.js'
import { handshake } from './handshake.js'
import { openSocket, sendRest } from './open-socket.js'

export interface PromoteOptions {
  /** Sent first, as much as fits in the SYN, without a cookie. **It may arrive twice** (RFC 7413, section 2). */
  data?: string | Uint8Array | undefined
  /** SO_MARK from now on, 0 for none. Default: the reservation's. Needs CAP_NET_ADMIN. */
  mark?: number | undefined
  /** TCP_NODELAY. Default: false. */
  noDelay?: boolean | undefined
  /** As in `net.Socket`. Default: false. */
  allowHalfOpen?: boolean | undefined
  /** Ends the attempt; the promise rejects with the signal's reason, and the tuple is free. */
  signal?: AbortSignal | undefined
}

const known: ReadonlySet<string> = new Set(['data', 'mark', 'noDelay', 'allowHalfOpen', 'signal'])

/**
 * Connects a reserved tuple: from its address and port to its remote, over the socket that holds it.
 *
 * The tuple is held all along, so nobody can have it in between. The reservation ends, and its `released` is true, as
 * soon as the SYN is on its way; if the handshake fails, or the signal ends it, the tuple is free. Where nothing was
 * sent, because an argument was wrong, the mark was refused or the signal had been aborted, the reservation stays as it
 * was. The socket accepts packets of any TTL from now on.
 *
 * Without `data` the SYN is an ordinary one. With it the SYN has no cookie, which a server must allow
 * ({@link ListenOptions.noCookie}); one that does not gets the data after the handshake. Return packets must reach this
 * host's sockets: take away what steers them elsewhere, such as a mark that a rule looks for.
 *
 * @throws {TfoSocketError} `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH` and so on from `connect`: the tuple is gone.
 * `ERR_RELEASED`. `EPERM`: mark. `ENOTSUP` from `send`: Fast Open has been turned off.
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE`, also for another kind than `tuple`.
 * @see RFC 7413; net/ipv4/tcp.c in the kernel, tcp_sendmsg_fastopen
 */
export async function promote(reservation: Reservation, options: PromoteOptions = {}): Promise<Socket> {
  if (!isReservation(reservation)) throw invalidType('reservation', 'a Reservation', reservation)
  checkOptions(options, known)
  checkData(options.data)
  checkMark(options.mark)
  checkBoolean('options.noDelay', options.noDelay)
  checkBoolean('options.allowHalfOpen', options.allowHalfOpen)
  checkSignal(options.signal)
  if (reservation.kind !== 'tuple') {
    throw invalidValue('reservation.kind', "'tuple'", reservation.kind)
  }
  if (reservation.released) throw releasedError(reservation)
  options.signal?.throwIfAborted()

  const data = bytesOf(options.data)
  sendSyn(reservation, data, options.mark)
  const sent = connectOutcome[3]!
  const fd = takeFd(reservation)
  try {
    const error = await handshake(fd, options.signal)
    if (error !== 0) throw lost(reservation, -Math.abs(error), 'connect')
    const rest = sendRest(fd, data.subarray(sent))
    if (typeof rest === 'number') throw lost(reservation, -rest, 'send')
    return openSocket(fd, rest, options)
  } catch (error) {
    binding().close(fd)
    throw error
  }
}

function sendSyn(reservation: Reservation, data: Uint8Array, mark: number | undefined): void {
  const { fd } = reservation
  const result = binding().promote(fd, mark !== undefined, mark ?? 0, data, connectOutcome)
  if (result >= 0) return
  const syscall = binding().stepNames[connectOutcome[1]!]!
  if (isStillHeld(syscall, getSystemErrorName(result))) {
    throw refused(reservation, result, syscall, 'The tuple is still held')
  }
  reservation.release()
  throw lost(reservation, result, syscall)
}

/** The kernel refused to begin: setting an option, or Fast Open at all. */
function isStillHeld(syscall: string, code: string): boolean {
  return (
    syscall.startsWith('setsockopt') || (syscall === 'send' && (code === 'ENOTSUP' || code === 'ENOBUFS'))
  )
}

function lost(reservation: Reservation, errno: number, syscall: string): TfoSocketError {
  return refused(reservation, errno, syscall, 'The tuple is free again')
}

function refused(reservation: Reservation, errno: number, syscall: string, state: string): TfoSocketError {
  const { address, port, remoteAddress, remotePort } = reservation
  const code = getSystemErrorName(errno)
  const hint =
    code === 'ENOTSUP'
      ? 'Fast Open is off for clients; bit 1 of the sysctl turns it on: sysctl -w net.ipv4.tcp_fastopen=1'
      : hintFor(code, syscall, { protocol: 'tcp', address, device: undefined })
  const between = `${address} port ${port} to ${remoteAddress} port ${remotePort}`
  return new TfoSocketError(`Cannot connect ${between}: ${syscall} ${code}. ${state}`, {
    code,
    errno,
    syscall,
    protocol: 'tcp',
    address,
    firstPort: port,
    lastPort: port,
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
    ...(hint !== undefined && { hint }),
  })
}
