import { isTfoSocketError, type Reservation } from '@slatfatf/tfo-socket'
import type { Slice } from '../lease/slices.js'

/** How many endpoints that somebody else holds are tried before the slice counts as full. Each costs about 25 µs. */
const FOREIGN_TRIES = 64

/** Reserves endpoints that are named one by one, where the kernel cannot pick out of a slice, or only slowly. */
export interface NamedEndpoints {
  reserve(slice: Slice): Reservation | undefined
  release(reservation: Reservation, slice: Slice): void
}

/**
 * Walks a slice from a random start (RFC 6056), skips what it holds itself, and asks the kernel for the rest one by one. Whether an
 * endpoint is free is the kernel's decision alone; the set of held ones only saves calls whose answer is known.
 */
export function namedEndpoints(reserveOne: (slice: Slice, port: number) => Reservation): NamedEndpoints {
  const held = new Map<Slice, Set<number>>()

  function heldIn(slice: Slice): Set<number> {
    const known = held.get(slice)
    if (known !== undefined) return known
    const ports = new Set<number>()
    held.set(slice, ports)
    return ports
  }

  return {
    reserve(slice) {
      const ours = heldIn(slice)
      const size = slice.last - slice.first + 1
      if (ours.size === size) return undefined
      const start = Math.floor(Math.random() * size)
      for (let step = 0, foreign = 0; step < size && foreign < FOREIGN_TRIES; step++) {
        const port = slice.first + ((start + step) % size)
        if (ours.has(port)) continue
        const reservation = unlessTaken(() => reserveOne(slice, port))
        if (reservation !== undefined) {
          ours.add(port)
          return reservation
        }
        foreign++
      }
      return undefined
    },
    release(reservation, slice) {
      heldIn(slice).delete(reservation.port)
      reservation.release()
    },
  }
}

function unlessTaken(reserve: () => Reservation): Reservation | undefined {
  try {
    return reserve()
  } catch (error) {
    if (isTfoSocketError(error) && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}
