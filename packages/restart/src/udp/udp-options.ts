import { checkInteger, invalidType } from '../errors/invalid-argument.js'

/** A UDP socket of this package, or anything else with the number of one. */
export interface UdpSocketSource {
  readonly fd: number
}

const MAX_RECEIVE_BUFFER_BYTES = 1_000_000_000

export function checkSocket(socket: UdpSocketSource): void {
  if (typeof socket !== 'object' || socket === null)
    throw invalidType('listenSocket', 'a ListenSocket', socket)
  checkInteger('listenSocket.fd', socket.fd, 0x7fffffff)
}

export function checkPredecessor(fds: unknown): void {
  if (fds === undefined) return
  if (!Array.isArray(fds)) throw invalidType('predecessor', 'an array of descriptors', fds)
  for (const fd of fds) checkInteger('predecessor', fd, 0x7fffffff)
}

export function checkReceiveBuffer(bytes: unknown): void {
  if (bytes !== undefined) checkInteger('receiveBufferBytes', bytes, MAX_RECEIVE_BUFFER_BYTES)
}
