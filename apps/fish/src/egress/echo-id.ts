import { isTfoSocketError, type Reservation, reserveEchoId } from '@slatfatf/tfo-socket'
import { IPPROTO_ICMP } from '../flow/flow-record.js'
import type { Slice } from '../lease/slices.js'
import type { EgressMode } from './egress-mode.js'

/** How many identifiers that somebody else holds are tried before the slice counts as full. Each costs one system call. */
const FOREIGN_TRIES = 64

/**
 * ICMP echo: a ping socket bound to an identifier inside the slice, since on a shared address the identifier belongs to the slice
 * like a port does (RFC 7597 §8.2). The kernel offers no range for identifiers, so this mode walks from a random start and skips
 * what it holds itself; whether an identifier is free is still the kernel's decision.
 */
export function echoIdMode(mark: number): EgressMode {
  const held = new Map<Slice, Set<number>>()

  function idsOf(slice: Slice): Set<number> {
    let ids = held.get(slice)
    if (ids === undefined) held.set(slice, (ids = new Set()))
    return ids
  }

  function reserve(slice: Slice): Reservation | undefined {
    const ours = idsOf(slice)
    const size = slice.last - slice.first + 1
    const start = Math.floor(Math.random() * size)
    for (let step = 0, foreign = 0; step < size && foreign < FOREIGN_TRIES; step++) {
      const id = slice.first + ((start + step) % size)
      if (ours.has(id)) continue
      const reservation = unlessHeld(slice, id, mark)
      if (reservation !== undefined) {
        ours.add(id)
        return reservation
      }
      foreign++
    }
    return undefined
  }

  return {
    name: 'echo-id',
    protocol: IPPROTO_ICMP,
    endpointIndependent: true,
    reserve,
    release(reservation, slice) {
      idsOf(slice).delete(reservation.port)
      reservation.release()
    },
  }
}

function unlessHeld(slice: Slice, id: number, mark: number): Reservation | undefined {
  try {
    return reserveEchoId({ address: slice.text, id, mark })
  } catch (error) {
    if (isTfoSocketError(error) && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}
