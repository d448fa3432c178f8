import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { binding } from '../binding.js'
import { isTaken } from '../errors/refusal.js'
import { pickedOutside, requirePickable, requireStillPickable } from '../kernel/port-range.js'
import type { ConnectOptions } from './connect-options.js'
import { type Attempt, connectRefusal } from './connect-refusal.js'
import { connectOutcome, fastOpenModes } from './fast-open-binding.js'
import { handshake } from './handshake.js'
import { openDeferred, openSocket, sendRest } from './open-socket.js'

/** Connects to one address. The descriptor is closed on every way but the one that returns a socket. */
export async function connectTo(address: string, data: Uint8Array, options: ConnectOptions): Promise<Socket> {
  const { port, localAddress, localPorts, device, signal } = options
  const attempt: Attempt = { remoteAddress: address, remotePort: port, localAddress, localPorts, device }
  const fd = begin(attempt, data, options)
  const deferred = connectOutcome[2] === 1
  const sent = connectOutcome[3]!
  try {
    if (deferred && options.deferSyn === true) return openDeferred(fd, attempt, options)
    const error = await handshake(fd, signal)
    if (error !== 0) throw connectRefusal(-Math.abs(error), 'connect', attempt)
    const rest = sendRest(fd, data.subarray(sent))
    if (typeof rest === 'number') throw connectRefusal(-rest, 'send', attempt)
    return openSocket(fd, rest, options)
  } catch (error) {
    binding().close(fd)
    throw error
  }
}

function begin(attempt: Attempt, data: Uint8Array, options: ConnectOptions): number {
  const { first, last } = portsOf(attempt)
  if (first !== 0) requirePickable(first, last)
  const mode = fastOpenMode(data, options)
  let fd = call(mode, attempt, data, options)
  // A host that does not know Fast Open, or has it off, sends the data after the handshake.
  if (fd < 0 && mode !== fastOpenModes.off && isAboutFastOpen()) {
    fd = call(fastOpenModes.off, attempt, data, options)
  }
  if (fd < 0) {
    const syscall = binding().stepNames[connectOutcome[1]!]!
    if (first !== 0 && isTaken(getSystemErrorName(fd), syscall)) requireStillPickable(first, last)
    throw connectRefusal(fd, syscall, attempt)
  }
  const port = connectOutcome[0]!
  if (first === 0 || (port >= first && port <= last)) return fd
  binding().close(fd)
  throw pickedOutside(first, last)
}

function call(mode: number, attempt: Attempt, data: Uint8Array, options: ConnectOptions): number {
  const { first, last } = portsOf(attempt)
  return binding().connect(
    attempt.remoteAddress,
    attempt.remotePort,
    attempt.localAddress ?? '',
    (first | (last << 16)) >>> 0,
    options.mark ?? 0,
    attempt.device ?? '',
    mode,
    data,
    connectOutcome,
  )
}

/** A connection that has nothing to send must not wait for a first write. */
function fastOpenMode(data: Uint8Array, { fastOpen = true, deferSyn = false }: ConnectOptions): number {
  if (fastOpen === false || (data.length === 0 && !deferSyn)) return fastOpenModes.off
  return fastOpen === 'no-cookie' ? fastOpenModes.noCookie : fastOpenModes.cookie
}

function isAboutFastOpen(): boolean {
  return binding().stepNames[connectOutcome[1]!]!.startsWith('setsockopt(TCP_FASTOPEN_')
}

/** Zeros if the kernel may pick any port. */
function portsOf({ localPorts = 0 }: Attempt): { first: number; last: number } {
  return typeof localPorts === 'number' ? { first: localPorts, last: localPorts } : localPorts
}
