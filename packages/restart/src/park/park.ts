import { binding } from '../binding.js'
import { checkInteger, checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { systemError } from '../errors/restart-error.js'
import { parkCodes, refusedPark } from './park-error.js'
import { appendMessages, checkDescriptors, Parked, sendParked } from './parked.js'
import { mostLabelBytes } from './parked-message.js'
import { inspectQueue } from './parked-queue.js'

/** Options of {@link park}. */
export interface ParkOptions {
  /** For whoever finds the ends; at most 255 bytes. Default: empty. */
  readonly label?: string | undefined
}

/**
 * Parks any number of descriptors in two: in the receive queue of a socket pair, of which only the ends are kept.
 *
 * Made for keepers that are slow with many, such as the descriptor store of systemd: thousands of descriptors in it block
 * PID 1 for seconds, two do not. The caller's descriptors stay open; close them when you do not need them. Costs about
 * 0.2 µs a descriptor and some 800 bytes of kernel memory for every 253.
 *
 * Limits: without CAP_SYS_RESOURCE or CAP_SYS_ADMIN, all descriptors that one *user* has in queues may be as many as one
 * process may open (`ETOOMANYREFS` beyond). Without CAP_NET_ADMIN a queue has room for about 140,000 with the default
 * `net.core.wmem_max`. Unix sockets in queues cost the kernel a garbage collection now and then, other kinds do not.
 *
 * Requires Linux 3.4.
 *
 * Throws a {@link RestartError}, with everything as it was: `ETOOMANYREFS`, `ERR_RESTART_PARK_FULL`, `EBADF`, `EMFILE`.
 */
export function park(fds: readonly number[], options: ParkOptions = {}): Parked {
  checkDescriptors(fds)
  checkKnown('options', options, ['label'])
  const label = checkLabel(options.label)
  const ends = openPair(fds.length)
  const [queue, sender] = ends
  const parked = new Parked(ends, queue, label)
  try {
    sendParked(sender, { sequence: 0, count: 0, label }, new Int32Array(0))
    appendMessages(sender, 1, fds)
    return parked
  } catch (error) {
    parked.close()
    throw error
  }
}

/**
 * What waits between two ends that came from somewhere: `ends` in either order.
 *
 * The result owns the ends. If it throws, they are still the caller's: `ERR_RESTART_PARK_EMPTY` (taken before, or closed),
 * `ERR_RESTART_PARK_FOREIGN` (no such pair), or the errno's name (`EBADF`, `ENOTSOCK`).
 */
export function openParked(ends: readonly number[]): Parked {
  const pair = checkEnds(ends)
  const [first, second] = [inspect(pair[0]), inspect(pair[1])]
  if (first !== undefined && second !== undefined) {
    throw refusedPark(parkCodes.foreign, 'The two ends are of two different pairs')
  }
  if (first !== undefined) return new Parked(pair, pair[0], first.label)
  if (second !== undefined) return new Parked(pair, pair[1], second.label)
  throw refusedPark(parkCodes.empty, 'There is nothing between the two ends')
}

/**
 * All descriptors between two ends, in the order in which they were parked; the ends are closed then.
 *
 * Equals `openParked(ends).take()`. If it throws, nothing was taken and the ends are still the caller's:
 * `ERR_RESTART_TOO_MANY_DESCRIPTORS`, `ERR_RESTART_PARK_EMPTY`, `ERR_RESTART_PARK_FOREIGN`, or the errno's name.
 */
export function unpark(ends: readonly number[]): number[] {
  return openParked(ends).take()
}

function openPair(count: number): [number, number] {
  try {
    return binding().socketPair('seqpacket')
  } catch (error) {
    throw systemError(error, `park ${count} descriptors`)
  }
}

function inspect(end: number) {
  try {
    return inspectQueue(end)
  } catch (error) {
    throw systemError(error, `look for parked descriptors at descriptor ${end}`)
  }
}

function checkLabel(label: unknown = ''): string {
  if (typeof label !== 'string') throw invalidType('options.label', 'a string', label)
  if (Buffer.byteLength(label) > mostLabelBytes)
    throw invalidValue('options.label', `at most ${mostLabelBytes} bytes`, label)
  return label
}

function checkEnds(ends: unknown): [number, number] {
  if (!Array.isArray(ends)) throw invalidType('ends', 'an array of two descriptors', ends)
  const [first, second] = ends
  if (ends.length !== 2 || first === second) throw invalidValue('ends', 'two different descriptors', ends)
  for (const end of ends) checkInteger('ends', end, 0x7fff_ffff)
  return [first, second]
}
